//! Across assets: values centred, scaled, pulled in at the tails, or freed of what others explain.

use super::{
    super::{
        Members, finite,
        order::quantile,
        reduction::{absolute_sum, clamp, deviation, mean, range, shift, standardise},
    },
    neutralize::neutralize,
    *,
};

pub(in super::super) const OPERATORS: &[Operator] = &[
    across(
        "zscore",
        "Deviation from the mean in standard deviations.",
        "(x − mean) / std, std dividing by n − ddof; missing where std = 0",
        "scipy.stats.zscore",
        &[number("x"), constant("ddof", 0.0, 100.0, true, Default::Constant(0.0))],
        ResultType::Ratio,
        Body::Cross(zscore),
        &[example(&[&[1.0, 3.0, N]], &[], &[-1.0, 1.0, N]), example(&[&[2.0, 2.0]], &[], &[N, N])],
    ),
    across(
        "demean",
        "Deviation from the mean.",
        "x − mean",
        "BRAIN's group_neutralize, with `within:`",
        X,
        ResultType::Same,
        Body::Cross(demean),
        &[example(&[&[1.0, 3.0]], &[], &[-1.0, 1.0])],
    ),
    across(
        "scale",
        "Divided by the sum of absolute values.",
        "x / Σ|x|; missing where the sum is 0",
        "Kakushadze (2016), 101 Formulaic Alphas",
        X,
        ResultType::Ratio,
        Body::Cross(scale),
        &[example(&[&[1.0, -3.0]], &[], &[0.25, -0.75])],
    ),
    across(
        "robust_zscore",
        "Deviation from the median in median absolute deviations, made comparable with a standard deviation.",
        "(x − median) / (1.4826·MAD); missing where MAD = 0",
        "scipy.stats.median_abs_deviation, times 1.4826",
        X,
        ResultType::Ratio,
        Body::Cross(robust_zscore),
        &[example(&[&[1.0, 2.0, 4.0, N]], &[], &[-1.0 / 1.4826, 0.0, 2.0 / 1.4826, N])],
    ),
    across(
        "minmax",
        "From 0 (the least) to 1 (the greatest), in proportion.",
        "(x − min) / (max − min); missing where they are equal",
        "sklearn.preprocessing.minmax_scale",
        X,
        ResultType::Ratio,
        Body::Cross(minmax),
        &[example(&[&[1.0, 3.0, N, 2.0]], &[], &[0.0, 1.0, N, 0.5])],
    ),
    across(
        "winsorize",
        "Both tails pulled to their quantiles.",
        "min(max(x, q(p)), q(1 − p)), quantiles interpolated linearly (type 7)",
        "numpy.quantile and clip",
        &[number("x"), constant("p", 0.0, 0.5, false, Default::Constant(0.01))],
        ResultType::Same,
        Body::Cross(winsorize),
        &[example(&[&[0.0, 1.0, 2.0, 3.0, 100.0]], &[0.25], &[1.0, 1.0, 2.0, 3.0, 3.0])],
    ),
    across(
        "winsorize_std",
        "Both tails pulled to k standard deviations from the mean.",
        "min(max(x, mean − k·std), mean + k·std), std dividing by n",
        "BRAIN's winsorize(x, std=4)",
        &[number("x"), constant("k", 0.0, 1e9, false, Default::Constant(4.0))],
        ResultType::Same,
        Body::Cross(winsorize_std),
        &[example(&[&[0.0, 0.0, 0.0, 4.0]], &[1.0], &[0.0, 0.0, 0.0, 2.732_050_807_568_877])],
    ),
    across(
        "truncate",
        "No absolute value above a share of the sum of them all.",
        "min(max(x, −p·Σ|x|), p·Σ|x|)",
        "BRAIN's truncate",
        &[number("x"), constant("p", 0.0, 1.0, false, Default::Required)],
        ResultType::Same,
        Body::Cross(truncate),
        &[example(&[&[1.0, -6.0, 3.0, N]], &[0.4], &[1.0, -4.0, 3.0, N])],
    ),
    Operator {
        missing: "an asset for which any part is missing is left out, and missing in its place",
        ..across(
            "neutralize",
            "What numbers and groups do not explain: the residual of the regression on them, across assets.",
            "x − Xβ, β the least squares on an intercept, the numbers, and one indicator for each group. By orthogonal \
             projection: a part that the others explain (to 1e-10 of its deviation) changes nothing, and what is left of x \
             is exactly 0 where they explain it all (to 1e-12)",
            "statsmodels OLS(...).fit().resid with a constant and dummies",
            &[
                number("x"),
                Parameter {
                    name: "to",
                    accepts: Accepts::NumberOrLabel,
                    default: Default::List(1),
                },
            ],
            ResultType::Same,
            Body::Cross(neutralize),
            &[
                example(
                    &[&[1.0, 3.0, 2.0, 6.0], &[0.0, 1.0, 2.0, 3.0]],
                    &[],
                    &[0.1, 0.7, -1.7, 0.9],
                ),
                example(
                    &[&[1.0, 3.0, 2.0, 6.0], &[0.0, 1.0, 1.0, 0.0], &[0.0, 0.0, 1.0, 1.0]],
                    &[],
                    &[-1.5, 1.5, -1.5, 1.5],
                ),
            ],
        )
    },
    Operator {
        missing: "filled with the median of the eligible assets of the group; missing where none of them has a value",
        ..across(
            "group_fill",
            "The value, or the median of the asset's group where it is missing.",
            "x ?? cs_median(x, within: g)",
            "BRAIN's group_backfill, with the median",
            X,
            ResultType::Same,
            Body::Cross(group_fill),
            &[example(&[&[1.0, N, 2.0, 9.0]], &[], &[1.0, 2.0, 2.0, 9.0])],
        )
    },
];

fn zscore(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    let mean = mean(x);
    let std = deviation(x, mean, members.constants[0]);
    if std > 0.0 {
        standardise(x, mean, std, out);
    } else {
        out.fill(N);
    }
}

fn demean(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    shift(members.inputs[0], mean(members.inputs[0]), out);
}

fn scale(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    standardise(members.inputs[0], 0.0, absolute_sum(members.inputs[0]), out);
}

fn robust_zscore(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    let middle = scratch.median(x);
    let present = scratch.present(x);
    present.iter_mut().for_each(|x| *x = (*x - middle).abs());
    let spread = 1.4826 * median(present);
    if spread > 0.0 {
        standardise(x, middle, spread, out);
    } else {
        out.fill(N);
    }
}

fn minmax(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    let (low, high) = range(x);
    let span = high - low;
    if span > 0.0 && span.is_finite() {
        standardise(x, low, span, out);
    } else {
        out.fill(N);
    }
}

fn winsorize(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let (x, p) = (members.inputs[0], members.constants[0]);
    let present = scratch.present(x);
    let (low, high) = (quantile(present, p), quantile(present, 1.0 - p));
    clamp(x, low, high.max(low), out);
}

fn winsorize_std(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    let mean = finite(mean(x));
    let room = members.constants[0] * deviation(x, mean, 0.0);
    if room.is_nan() {
        out.fill(N);
    } else {
        clamp(x, mean - room, mean + room, out);
    }
}

fn truncate(members: &Members<'_>, _: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    let most = members.constants[0] * absolute_sum(x);
    clamp(x, -most, most, out);
}

fn group_fill(members: &Members<'_>, scratch: &mut Scratch, out: &mut [f64]) {
    let x = members.inputs[0];
    let middle = scratch.median(x);
    for ((out, x), eligible) in out.iter_mut().zip(x).zip(members.eligible.each()) {
        *out = if !eligible {
            N
        } else if x.is_nan() {
            middle
        } else {
            *x
        };
    }
}
