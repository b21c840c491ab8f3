//! Across assets to one value a date, or one for each group.

use super::{
    super::{
        Members, finite,
        reduction::{count, count_true, deviation, mean, range, sum},
    },
    *,
};

const OF_NOTHING: &str = "left out; missing where no eligible asset has a value";

const WEIGHT: Parameter =
    Parameter { name: "weight", accepts: Accepts::Number, default: Default::Absent };
const WEIGHTED: &[Parameter] = &[number("x"), WEIGHT];

const fn summary(
    name: &'static str,
    sentence: &'static str,
    formula: &'static str,
    source: &'static str,
    parameters: &'static [Parameter],
    result: ResultType,
    body: Body,
    examples: &'static [Example],
) -> Operator {
    Operator {
        missing: OF_NOTHING,
        ..across(name, sentence, formula, source, parameters, result, body, examples)
    }
}

/// One that takes weights.
const fn weighted(
    name: &'static str,
    sentence: &'static str,
    formula: &'static str,
    source: &'static str,
    body: Body,
    examples: &'static [Example],
) -> Operator {
    Operator {
        missing: "left out; missing where no eligible asset has a value. With `weight:` an asset whose weight is missing or not \
                  above 0 is left out too",
        ..across(name, sentence, formula, source, WEIGHTED, ResultType::Same, body, examples)
    }
}

pub(in super::super) const OPERATORS: &[Operator] = &[
    weighted(
        "cs_mean",
        "Mean over the eligible assets that have a value.",
        "Σ x / n; Σ w·x / Σ w",
        "numpy.average",
        Body::Reduce(cs_mean),
        &[
            example(&[&[1.0, 2.0, N, 6.0]], &[], &[3.0]),
            example(&[&[1.0, 2.0, N, 6.0], &[1.0, 3.0, 1.0, 0.0]], &[], &[1.75]),
        ],
    ),
    weighted(
        "cs_median",
        "Median over the eligible assets that have a value.",
        "the middle value, or the mean of the two middle ones; with weights the value at which half the weight is reached",
        "numpy.median; numpy.quantile(method=\"averaged_inverted_cdf\", weights=…)",
        Body::Reduce(cs_median),
        &[
            example(&[&[1.0, 2.0, N, 6.0]], &[], &[2.0]),
            example(&[&[1.0, 2.0, 6.0], &[1.0, 1.0, 3.0]], &[], &[6.0]),
        ],
    ),
    Operator {
        parameters: &[
            number("x"),
            WEIGHT,
            constant("ddof", 0.0, 100.0, true, Default::Constant(0.0)),
        ],
        ..weighted(
            "cs_std",
            "Standard deviation over the eligible assets that have a value.",
            "√(Σ (x − mean)² / (n − ddof)); with weights √(Σ w·(x − mean)² / Σ w), mean the weighted one",
            "numpy.std; statsmodels DescrStatsW(ddof=0)",
            Body::Reduce(cs_std),
            &[
                example(&[&[1.0, 3.0, N]], &[], &[1.0]),
                example(&[&[0.0, 4.0], &[3.0, 1.0]], &[], &[1.732_050_807_568_877_2]),
            ],
        )
    },
    weighted(
        "cs_sum",
        "Sum over the eligible assets that have a value.",
        "Σ x; Σ w·x",
        "numpy.nansum",
        Body::Reduce(cs_sum),
        &[
            example(&[&[1.0, 2.0, N]], &[], &[3.0]),
            example(&[&[1.0, 2.0, N], &[10.0, 1.0, 1.0]], &[], &[12.0]),
        ],
    ),
    Operator {
        missing: "left out; 0 where no eligible asset has a value",
        ..summary(
            "cs_count",
            "How many eligible assets have a value.",
            "n",
            "pandas.DataFrame.count",
            &[parameter("x", Accepts::Any)],
            ResultType::Ratio,
            Body::Reduce(|members, _, out| out[0] = count(members.inputs[0])),
            &[example(&[&[1.0, 2.0, N]], &[], &[2.0])],
        )
    },
    summary(
        "cs_min",
        "The least over the eligible assets.",
        "min x",
        "numpy.nanmin",
        X,
        ResultType::Same,
        Body::Reduce(|members, _, out| out[0] = range(members.inputs[0]).0),
        &[example(&[&[3.0, 2.0, N]], &[], &[2.0])],
    ),
    summary(
        "cs_max",
        "The greatest over the eligible assets.",
        "max x",
        "numpy.nanmax",
        X,
        ResultType::Same,
        Body::Reduce(|members, _, out| out[0] = range(members.inputs[0]).1),
        &[example(&[&[3.0, 2.0, N]], &[], &[3.0])],
    ),
    summary(
        "any",
        "Whether the condition is true for at least one eligible asset.",
        "∃ c",
        "SQL's bool_or",
        &[parameter("c", Accepts::Boolean)],
        ResultType::Boolean,
        Body::Reduce(any),
        &[example(&[&[0.0, 1.0, N]], &[], &[1.0]), example(&[&[N, N]], &[], &[N])],
    ),
    summary(
        "all",
        "Whether the condition is true for every eligible asset for which it is known.",
        "∀ c",
        "SQL's bool_and",
        &[parameter("c", Accepts::Boolean)],
        ResultType::Boolean,
        Body::Reduce(all),
        &[example(&[&[1.0, 1.0, N]], &[], &[1.0]), example(&[&[1.0, 0.0]], &[], &[0.0])],
    ),
    Operator {
        missing: "counted as lacking; missing where no asset is eligible",
        ..summary(
            "coverage",
            "The share of the eligible assets that have a value.",
            "n with a value / n eligible",
            "",
            &[parameter("x", Accepts::Any)],
            ResultType::Ratio,
            Body::Reduce(coverage),
            &[example(&[&[1.0, N, 3.0, 4.0]], &[], &[0.75])],
        )
    },
];

/// The values and weights of the members that have both, in buffers; none where there are no weights.
fn pairs<'s>(members: &Members<'_>, scratch: &'s mut Scratch) -> Option<(&'s [f64], &'s [f64])> {
    let weights = members.inputs.get(1)?;
    let (values, kept) = (&mut scratch.values, &mut scratch.other);
    values.clear();
    kept.clear();
    for (x, weight) in members.inputs[0].iter().zip(*weights) {
        if !x.is_nan() && *weight > 0.0 {
            values.push(*x);
            kept.push(*weight);
        }
    }
    Some((values, kept))
}

fn weighted_mean(values: &[f64], weights: &[f64]) -> f64 {
    let Some(first) = values.first() else { return N };
    let total: f64 = weights.iter().sum();
    first + values.iter().zip(weights).map(|(x, w)| (x - first) * (w / total)).sum::<f64>()
}

fn cs_mean(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    out[0] = finite(match pairs(members, scratch) {
        None => mean(members.inputs[0]),
        Some((values, weights)) => weighted_mean(values, weights),
    });
}

fn cs_sum(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    out[0] = finite(match pairs(members, scratch) {
        None if count(x) == 0.0 => N,
        None => sum(x),
        Some(([], _)) => N,
        Some((values, weights)) => values.iter().zip(weights).map(|(x, w)| x * w).sum(),
    });
}

fn cs_std(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    out[0] = finite(match pairs(members, scratch) {
        None => deviation(x, mean(x), members.constants[0]),
        Some((values, weights)) => {
            let mean = weighted_mean(values, weights);
            let total: f64 = weights.iter().sum();
            let largest = values.iter().fold(0.0_f64, |m, x| m.max((x - mean).abs()));
            let square = |x: f64| ((x - mean) / largest) * ((x - mean) / largest);
            if largest == 0.0 && !values.is_empty() {
                0.0
            } else {
                let squares = values.iter().zip(weights).map(|(x, w)| square(*x) * (w / total));
                if values.is_empty() { N } else { largest * squares.sum::<f64>().sqrt() }
            }
        }
    });
}

fn cs_median(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    out[0] = match pairs(members, scratch) {
        None => scratch.median(x),
        Some((values, weights)) => weighted_median(values, weights),
    };
}

/// The value at which half the weight is reached; where it is reached just between two values, their mean.
fn weighted_median(values: &[f64], weights: &[f64]) -> f64 {
    let mut pairs: Vec<(f64, f64)> = values.iter().copied().zip(weights.iter().copied()).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let half = pairs.iter().map(|p| p.1).sum::<f64>() / 2.0;
    let mut reached = 0.0;
    for (i, (x, weight)) in pairs.iter().enumerate() {
        reached += weight;
        let next = pairs.get(i + 1).map_or(*x, |p| p.0);
        if reached == half {
            return 0.5 * x + 0.5 * next;
        }
        if reached > half {
            return *x;
        }
    }
    pairs.last().map_or(N, |p| p.0)
}

fn any(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    let (known, true_ones) = (count(members.inputs[0]), count_true(members.inputs[0]));
    out[0] = if known == 0.0 { N } else { f64::from(u8::from(true_ones > 0.0)) };
}

fn all(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    let (known, true_ones) = (count(members.inputs[0]), count_true(members.inputs[0]));
    out[0] = if known == 0.0 { N } else { f64::from(u8::from(true_ones == known)) };
}

fn coverage(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    let eligible = members.eligible.each().filter(|eligible| *eligible).count();
    out[0] = finite(count(members.inputs[0]) / eligible as f64);
}
