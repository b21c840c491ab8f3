"""Figures of what works element by element and across assets, by numpy 2, scipy, pandas 2, statsmodels: `python3 across.py`."""

import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import special, stats

from figures import C, Figures, G, X, Y, Z

figures = Figures("across")
x, y, z, c, g = (f.to_numpy() for f in (X, Y, Z, C, G))
nan = np.nan
np.seterr(all="ignore")


def known(condition, *inputs):
    missing = np.any([np.isnan(i) for i in inputs], axis=0)
    return np.where(missing, nan, condition.astype(float))


# Element by element.
for symbol, f in {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}.items():
    figures.add(f"x {symbol} y", f(x, y))
figures.add("x ^ 2", x**2)
figures.add("abs(x) ^ 0.3", np.abs(x) ** 0.3)
figures.add("-x", -x, exact=True)
for symbol, f in {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "==": np.equal, "!=": np.not_equal,
}.items():
    figures.add(f"x {symbol} y", known(f(x, y), x, y), exact=True)
d = known(x > 0, x)
for symbol in ("and", "or"):
    three = pd.DataFrame(c).map(lambda v: pd.NA if np.isnan(v) else bool(v)).stack().astype("boolean")
    other = pd.DataFrame(d).map(lambda v: pd.NA if np.isnan(v) else bool(v)).stack().astype("boolean")
    both = three & other if symbol == "and" else three | other
    figures.add(f"c == 1 {symbol} x > 0", both.astype("Float64").unstack().to_numpy(float, na_value=nan), exact=True)
figures.add("not (x > 0)", 1 - d, exact=True)
figures.add("if x > 0 then y else z", np.where(np.isnan(x), nan, np.where(x > 0, y, z)), exact=True)
figures.add("x ?? y", X.fillna(Y), exact=True)
figures.add("x in [0, 1, -1]", known(np.isin(x, [0, 1, -1]), x), exact=True)
figures.add("x between -1 and 1", known((x >= -1) & (x <= 1), x), exact=True)
for name, f in {
    "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt, "floor": np.floor,
    "ceil": np.ceil, "sigmoid": special.expit, "tanh": np.tanh, "round": np.round,
    "signed_log": lambda v: np.sign(v) * np.log1p(np.abs(v)),
}.items():
    figures.add(f"{name}(x)", f(x))
figures.add("round(x, 0.25)", np.round(x / 0.25) * 0.25)
figures.add("min(x, y, z)", np.minimum(np.minimum(x, y), z), exact=True)
figures.add("max(x, y, z)", np.maximum(np.maximum(x, y), z), exact=True)
figures.add("clip(x, -0.5, 1)", np.clip(x, -0.5, 1), exact=True)
figures.add("signed_power(x, 0.5)", np.sign(x) * np.sqrt(np.abs(x)))
figures.add("is_missing(x)", np.isnan(x).astype(float), exact=True)
figures.add("keep(x, where: c == 1)", X.where(C == 1), exact=True)
edges = [-1, 0, 0.5]
figures.add("cut(x, [-1, 0, 0.5])", known(1.0 + np.digitize(x, edges), x), exact=True)
parts = np.stack([x, y, z])
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    mean = np.nanmean(parts, axis=0)
present = (~np.isnan(parts)).sum(axis=0)
largest = "max(max(abs(x) ?? 0, abs(y) ?? 0), abs(z) ?? 0)"
figures.add("average(x, y, z)", mean, near=largest)
figures.add("average(x, y, z, min: 2)", np.where(present >= 2, mean, nan), near=largest)


# Across assets: a function of the values present, and of other inputs where they are.
def rows(f, inputs, groups=None, complete=True):
    """One result for each asset (or one for all, repeated for the eligible), date by date and group by group."""
    out = np.full(x.shape, nan)
    for t in range(len(x)):
        for k in [None] if groups is None else np.unique(groups[t][~np.isnan(groups[t])]):
            inside = np.ones(x.shape[1], bool) if k is None else groups[t] == k
            here = inside & ~np.any([np.isnan(i[t]) for i in inputs], axis=0) if complete else inside
            if here.any():
                result = f(*(i[t, here] for i in inputs))
                out[t, here if np.ndim(result) else inside] = result
    return out


def bucket(n):
    return lambda v: np.floor(n * (stats.rankdata(v) - 0.5) / len(v)) + 1


def safe(over, under):
    return over / under if under > 0 else np.full(np.shape(over), nan)


def robust(v):
    return safe(v - np.median(v), 1.4826 * stats.median_abs_deviation(v))


def winsorized(v, p=0.01):
    return np.clip(v, np.quantile(v, p), np.quantile(v, 1 - p))


def zscored(v):
    return np.full(len(v), nan) if np.ptp(v) == 0 else stats.zscore(v)


each = {
    "rank(x": lambda v: np.array([0.5]) if len(v) == 1 else (stats.rankdata(v) - 1) / (len(v) - 1),
    "ordinal(x": stats.rankdata,
    "bucket(x, 4": bucket(4),
    "bucket_number(x, 3": bucket(3),
    "half(x": bucket(2), "tercile(x": bucket(3), "quintile(x": bucket(5), "decile(x": bucket(10),
    "gauss(x": lambda v: stats.norm.ppf((stats.rankdata(v) - 0.5) / len(v)),
    "zscore(x": zscored,
    "demean(x": lambda v: v - v.mean(),
    "scale(x": lambda v: safe(v, np.abs(v).sum()),
    "robust_zscore(x": robust,
    "minmax(x": lambda v: safe(v - v.min(), np.ptp(v)),
    "winsorize(x": winsorized,
    "winsorize(x, 20%": lambda v: winsorized(v, 0.2),
    "winsorize_std(x, 1.5": lambda v: np.clip(v, v.mean() - 1.5 * v.std(), v.mean() + 1.5 * v.std()),
    "truncate(x, 5%": lambda v: np.clip(v, -0.05 * np.abs(v).sum(), 0.05 * np.abs(v).sum()),
    "cs_mean(x": np.mean, "cs_median(x": np.median, "cs_sum(x": np.sum, "cs_count(x": len, "cs_min(x": np.min,
    "cs_max(x": np.max, "cs_std(x": np.std,
    "cs_std(x, ddof: 1": lambda v: v.std(ddof=1) if len(v) > 1 else nan,
}
exact = ("rank", "ordinal", "bucket", "half", "tercile", "quintile", "decile", "cs_count", "cs_min", "cs_max")
for name, f in each.items():
    for groups, within in ((None, ""), (g, ", within: g")):
        values = rows(f, [x], groups)
        if name == "cs_count(x":
            values = np.where(np.isnan(values), 0, values) if groups is None else np.where(
                np.isnan(values) & ~np.isnan(g), 0, values)
        near = None
        if name.startswith(("demean", "cs_sum", "cs_mean", "winsorize_std", "winsorize(x, 20%")):
            near = f"cs_max(abs(x){within})"
        if name.startswith(("zscore", "robust", "minmax")):
            near = f"cs_max(abs(x){within}) / cs_max(abs(x){within})"
        figures.add(f"{name}{within})", values, exact=name.startswith(exact), near=near)


# With weights; those not above 0 are left out.
w = np.where(np.abs(z) > 0, np.abs(z), nan)


def weighted_median(v, weights):
    return np.quantile(v, 0.5, weights=weights, method="inverted_cdf")


for name, f in {
    "cs_mean": lambda v, u: np.average(v, weights=u),
    "cs_sum": lambda v, u: np.sum(v * u),
    "cs_std": lambda v, u: sm.stats.DescrStatsW(v, u, ddof=0).std,
    "cs_median": weighted_median,
}.items():
    figures.add(f"{name}(signed_log(x), weight: log1p(abs(z)))",
                rows(f, [np.sign(x) * np.log1p(np.abs(x)), np.log1p(w)]), near="cs_max(abs(signed_log(x)))")

# Buckets by the breaks of a subset.
breaks = np.full(x.shape, nan)
for t in range(len(x)):
    subset = np.sort(x[t][(c[t] == 1) & ~np.isnan(x[t])])
    if len(subset):
        middle = (np.searchsorted(subset, x[t], "left") + np.searchsorted(subset, x[t], "right")) / 2
        breaks[t] = np.where(np.isnan(x[t]), nan, np.minimum(np.floor(3 * middle / len(subset)) + 1, 3))
figures.add("bucket(x, 3, breaks: c == 1)", breaks, exact=True)

# Filling, truths, coverage.
for groups, within in ((None, "x"), (g, "x, within: g")):
    middle = rows(lambda v: np.nanmedian(v) if (~np.isnan(v)).any() else nan, [x], groups, complete=False)
    inside = ~np.isnan(g) if groups is not None else np.ones(x.shape, bool)
    filled = np.where(inside, np.where(np.isnan(x), middle, x), nan)
    figures.add(f"group_fill({within})", filled)
figures.add("any(x > 1)", rows(lambda v: float((v > 1).any()), [x]), exact=True)
figures.add("all(x > -1)", rows(lambda v: float((v > -1).all()), [x]), exact=True)
figures.add("any(x > 1, within: g)", rows(lambda v: float((v > 1).any()), [x], g), exact=True)
figures.add("coverage(x)", rows(lambda v: np.mean(~np.isnan(v)), [x], complete=False))
figures.add("coverage(x, within: g)", rows(lambda v: np.mean(~np.isnan(v)), [x], g, complete=False))

# Regressions across assets; the logarithms bring the assets to one size.
logs = [np.sign(f) * np.log1p(np.abs(f)) for f in (x, y, z)]


def residual(groups):
    def f(*columns):
        target, *rest = columns
        labels = rest.pop() if groups else None
        design = np.column_stack([np.ones(len(target)), *rest])
        if groups:
            design = np.column_stack([design, *(labels == k for k in np.unique(labels))]).astype(float)
        found = target - design @ np.linalg.pinv(design, rcond=1e-11) @ target
        return np.zeros(len(found)) if np.linalg.norm(found) < 1e-11 * np.linalg.norm(target) else found
    return f


near = "cs_max(abs(signed_log(x)))"
sx, sy, sz = (f"signed_log({n})" for n in "xyz")
figures.add(f"neutralize({sx}, to: {sy})", rows(residual(False), logs[:2]), near=near)
figures.add(f"neutralize({sx}, to: [{sy}, {sz}])", rows(residual(False), logs), near=near)
figures.add(f"neutralize({sx}, to: [{sy}, {sz}, 2 * {sy} - {sz}])", rows(residual(False), logs), near=near)
figures.add(f"neutralize({sx}, to: g)", rows(residual(True), [logs[0], g]), near=near)
ranked = rows(each["rank(x"], [y])
figures.add(f"neutralize({sx}, to: [rank(y), g])", rows(residual(True), [logs[0], ranked, g]), near=near)
figures.write()
