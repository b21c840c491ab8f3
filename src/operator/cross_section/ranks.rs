//! Across assets by their order: ranks, buckets, the first n.

use super::{
    super::{Last, Members, normal::normal_quantile},
    *,
};

pub(in super::super) const OPERATORS: &[Operator] = &[
    across(
        "rank",
        "Rank from 0 (the least) to 1 (the greatest); equal values share their mean.",
        "(r − 1) / (n − 1), r the mid-rank; ½ where n = 1",
        "BRAIN's rank; scipy.stats.rankdata, scaled",
        X,
        ResultType::Ratio,
        Body::Cross(rank),
        &[
            example(&[&[10.0, 30.0, N, 20.0, 20.0]], &[], &[0.0, 1.0, N, 0.5, 0.5]),
            example(&[&[7.0]], &[], &[0.5]),
        ],
    ),
    across(
        "ordinal",
        "Rank from 1 (the least) to n; equal values share their mean.",
        "the mid-rank r",
        "scipy.stats.rankdata(method=\"average\")",
        X,
        ResultType::Ratio,
        Body::Cross(ordinal),
        &[example(&[&[10.0, 30.0, 20.0, 20.0]], &[], &[1.0, 4.0, 2.5, 2.5])],
    ),
    across(
        "gauss",
        "Rank turned into a standard normal score.",
        "Φ⁻¹((r − ½) / n), r the mid-rank",
        "Hazen's plotting position; scipy.stats.norm.ppf",
        X,
        ResultType::Ratio,
        Body::Cross(gauss),
        &[example(
            &[&[3.0, 1.0, N, 2.0]],
            &[],
            &[0.967_421_566_101_701, -0.967_421_566_101_701, N, 0.0],
        )],
    ),
    across(
        "bucket",
        "An ordered label from 1 to n, the greatest values in n; by mid-rank, so ties never fail. With `breaks:` by the rank \
         among the assets for which that is true, which gives all others their place too.",
        "⌊n·(b + ½e) / N⌋ + 1 but at most n, b the number of lesser and e of equal values among the N that make the breaks",
        "pandas qcut without its failure on ties; breakpoints of NYSE stocks as in Fama and French (1992)",
        &[number("x"), constant("n", 2.0, 1000.0, true, Default::Required), BREAKS],
        ResultType::Label(Last::FirstConstant),
        Body::Cross(bucket),
        &[
            example(&[&[1.0, 2.0, 3.0, 4.0]], &[2.0], &[1.0, 1.0, 2.0, 2.0]),
            example(
                &[&[1.0, 2.0, 3.0, 4.0, 0.0], &[0.0, 0.0, 1.0, 1.0, N]],
                &[2.0],
                &[1.0, 1.0, 1.0, 2.0, 1.0],
            ),
        ],
    ),
    across(
        "bucket_number",
        "The number of the bucket, 1 to n: `bucket` as a number.",
        "as `bucket`",
        "as `bucket`",
        &[number("x"), constant("n", 2.0, 1000.0, true, Default::Required), BREAKS],
        ResultType::Ratio,
        Body::Cross(bucket),
        &[example(&[&[1.0, 2.0, 3.0, 4.0]], &[2.0], &[1.0, 1.0, 2.0, 2.0])],
    ),
    parts(
        "half",
        "1 for the lower half, 2 for the upper: a `bucket` of 2.",
        Last::Always(2),
        Body::Cross(bucket_of::<2>),
        &[example(&[&[1.0, 4.0, 3.0, 2.0]], &[], &[1.0, 2.0, 2.0, 1.0])],
    ),
    parts(
        "tercile",
        "1 (the least) to 3: a `bucket` of 3.",
        Last::Always(3),
        Body::Cross(bucket_of::<3>),
        &[example(&[&[1.0, 3.0, 2.0]], &[], &[1.0, 3.0, 2.0])],
    ),
    parts(
        "quintile",
        "1 (the least) to 5: a `bucket` of 5.",
        Last::Always(5),
        Body::Cross(bucket_of::<5>),
        &[example(&[&[1.0, 5.0, 2.0, 4.0, 3.0]], &[], &[1.0, 5.0, 2.0, 4.0, 3.0])],
    ),
    parts(
        "decile",
        "1 (the least) to 10: a `bucket` of 10.",
        Last::Always(10),
        Body::Cross(bucket_of::<10>),
        &[example(&[&[1.0, 2.0]], &[], &[3.0, 8.0])],
    ),
    across(
        "top",
        "Whether among the n greatest, or the greatest share n under 1; equal values go by symbol. Written `universe top`.",
        "place ≤ n; place ≤ ⌈n·N⌉ for a share",
        "",
        &[number("x"), constant("n", 0.0, 1e9, false, Default::Required)],
        ResultType::Boolean,
        Body::Cross(top),
        &[example(&[&[1.0, 3.0, 3.0, N]], &[1.0], &[0.0, 1.0, 0.0, N])],
    ),
];

const X_AND_BREAKS: &[Parameter] = &[number("x"), BREAKS];

const fn parts(
    name: &'static str,
    summary: &'static str,
    last: Last,
    body: Body,
    examples: &'static [Example],
) -> Operator {
    across(
        name,
        summary,
        "as `bucket`",
        "as `bucket`",
        X_AND_BREAKS,
        ResultType::Label(last),
        body,
        examples,
    )
}

fn rank(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let sorted = scratch.order.sort(members.inputs[0]);
    let last = sorted.len() as f64 - 1.0;
    if last > 0.0 {
        sorted.mid_ranks(out, |r| (r - 1.0) / last);
    } else {
        sorted.mid_ranks(out, |_| 0.5);
    }
}

fn ordinal(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    scratch.order.sort(members.inputs[0]).mid_ranks(out, |r| r);
}

fn gauss(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let sorted = scratch.order.sort(members.inputs[0]);
    let n = sorted.len() as f64;
    sorted.mid_ranks(out, |r| normal_quantile((r - 0.5) / n));
}

fn bucket(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    into_buckets(members, members.constants[0], scratch, out);
}

fn bucket_of<const BUCKETS: u32>(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    into_buckets(members, f64::from(BUCKETS), scratch, out);
}

fn into_buckets(members: &Members<'_>, buckets: f64, scratch: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    let Some(breaks) = members.inputs.get(1) else {
        let sorted = scratch.order.sort(x);
        let n = sorted.len() as f64;
        sorted.mid_ranks(out, |r| (buckets * (r - 0.5) / n).floor() + 1.0);
        return;
    };
    let subset = &mut scratch.values;
    subset.clear();
    subset.extend(x.iter().zip(*breaks).map(|(x, c)| if *c == 1.0 { *x } else { N }));
    let rising = &mut scratch.other;
    rising.clear();
    rising.extend(scratch.order.sort(subset).rising());
    let n = rising.len() as f64;
    for (out, x) in out.iter_mut().zip(x) {
        let below = rising.partition_point(|y| y < x);
        let equal = rising[below..].partition_point(|y| y <= x);
        let place = (buckets * (below as f64 + equal as f64 / 2.0) / n).floor() + 1.0;
        // No breaks: 0 / 0, missing.
        *out = if x.is_nan() || place.is_nan() { N } else { place.min(buckets) };
    }
}

fn top(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let n = members.constants[0];
    // Sorted downwards by the negated values, so that equal ones stay in the order of their symbols.
    let negated = &mut scratch.values;
    negated.clear();
    negated.extend(members.inputs[0].iter().map(|x| -x));
    let sorted = scratch.order.sort(negated);
    let count = if n < 1.0 { (n * sorted.len() as f64).ceil() } else { n } as usize;
    out.fill(N);
    for i in 0..sorted.len() {
        out[sorted.place(i)] = f64::from(u8::from(i < count));
    }
}
