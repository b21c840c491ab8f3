"""Figures of the operators in time, by pandas 2, numpy 2, scipy and statsmodels: `python3 time.py`.

A window is taken out and given to the library function as a whole; what does not change when a window is moved up or down
is computed of the window moved to its first value, which is exact, so a level of 1e6 with steps of 1e-3 keeps its digits.
"""

import warnings

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

from figures import C, Figures, X, Y, Z

warnings.filterwarnings("ignore")
figures = Figures("time")
ROWS, ASSETS = X.shape
RANGE = "ts_max(x, {d}, min: 1) - ts_min(x, {d}, min: 1)"


def least(d):
    return int(np.ceil(0.75 * d))


def windows(d, needed, result, *frames, today=False):
    """`result` of the complete rows of each window; with `today`, also of its last row."""
    out = np.full(X.shape, np.nan)
    for a in range(ASSETS):
        columns = [f.to_numpy()[:, a] for f in frames]
        for t in range(ROWS):
            part = np.stack([c[max(0, t + 1 - d) : t + 1] for c in columns])
            rows = part[:, ~np.isnan(part).any(axis=0)]
            if rows.shape[1] >= needed:
                out[t, a] = result(*rows, last=part[:, -1]) if today else result(*rows)
    return out


def flat(x):
    return x.min() == x.max()


def unless_flat(f):
    return lambda x: np.nan if flat(x) else f(x - x[0])


def skew(x):
    return stats.skew(x - x[0], bias=False) if len(x) > 2 and not flat(x) else np.nan


def kurtosis(x):
    return stats.kurtosis(x - x[0], bias=False) if len(x) > 3 and not flat(x) else np.nan


def correlation(x, y):
    if flat(x) or flat(y):
        return np.nan
    x, y = x - x[0], y - y[0]
    return stats.pearsonr(x / np.abs(x).max(), y / np.abs(y).max()).statistic


def spearman(x, y):
    return np.nan if flat(x) or flat(y) else stats.spearmanr(x, y).statistic


def entropy(bins):
    def of(x):
        return 0.0 if flat(x) else stats.entropy(np.histogram(x, bins=bins)[0])

    return of


def zscore(x, last):
    if np.isnan(last[0]) or flat(x):
        return np.nan
    return (last[0] - x[0] - np.mean(x - x[0])) / np.std(x - x[0], ddof=1)


def rank(x, last):
    if np.isnan(last[0]):
        return np.nan
    return 0.5 if len(x) == 1 else (stats.rankdata(x)[-1] - 1) / (len(x) - 1)


figures.add("delta(x, 3)", X.diff(3), exact=True)
positive = X.shift(3).where(X.shift(3) > 0)
figures.add("change(x, 3)", X / positive - 1, near="abs(x / lag(x, 3)) + 1")
for d in (5, 20):
    n = least(d)
    rolling = X.rolling(d, min_periods=n)
    size = f"ts_max(abs(x), {d}, min: 1)"
    spread = RANGE.format(d=d)
    figures.add(f"ts_sum(x, {d})", windows(d, n, np.sum, X), near=size)
    figures.add(f"ts_product(x, {d})", windows(d, n, np.prod, X))
    figures.add(f"ts_std(x, {d})", windows(d, n, lambda x: np.std(x - x[0], ddof=1), X))
    figures.add(f"ts_var(x, {d}, ddof: 0)", windows(d, n, lambda x: np.var(x - x[0]), X))
    figures.add(f"ts_zscore(x, {d})", windows(d, n, zscore, X, today=True), near="1 + 0 * x")
    figures.add(f"ts_skew(x, {d})", windows(d, n, skew, X), near="1 + 0 * ts_mean(x, 20, min: 1)")
    figures.add(f"ts_kurtosis(x, {d})", windows(d, n, kurtosis, X), near="1 + 0 * ts_mean(x, 20, min: 1)")
    figures.add(f"ts_median(x, {d})", rolling.median(), exact=True)
    for p in (0.1, 0.5, 1):
        figures.add(f"ts_quantile(x, {d}, {p})", windows(d, n, lambda x: np.quantile(x, p), X), near=spread)
    figures.add(f"ts_rank(x, {d})", windows(d, n, rank, X, today=True), exact=True)
    least_value, greatest = rolling.min(), rolling.max()
    width = (greatest - least_value).where(greatest > least_value)
    figures.add(f"ts_range(x, {d})", (X - least_value) / width)
    figures.add(f"ts_mad(x, {d})", windows(d, n, lambda x: 1.4826 * stats.median_abs_deviation(x), X), near=spread)
    figures.add(f"ts_entropy(x, {d})", windows(d, n, entropy(10), X))
    figures.add(f"ts_entropy(x, {d}, bins: 3)", windows(d, n, entropy(3), X))
    figures.add(f"ts_corr(x, y, {d})", windows(d, n, correlation, X, Y), near="1")
    figures.add(
        f"ts_cov(x, y, {d})",
        windows(d, n, lambda x, y: np.cov(x - x[0], y - y[0])[0, 1], X, Y),
        near=f"ts_std(x, {d}) * ts_std(y, {d})",
    )
    figures.add(f"ts_spearman(x, y, {d})", windows(d, n, spearman, X, Y), near="1")


def rows_ago(d, choose):
    """Pandas hands over the window as it is; the last of the places that hold the extreme is the most recent."""
    def of(x):
        return len(x) - 1 - np.flatnonzero(x == choose(x[~np.isnan(x)]))[-1]

    return pd.DataFrame(np.vstack([np.full((d - 1, ASSETS), np.nan), X])).rolling(d, min_periods=least(d)).apply(
        of, raw=True
    ).to_numpy()[d - 1 :]


def slope(d):
    out = np.full(X.shape, np.nan)
    for a in range(ASSETS):
        for t in range(ROWS):
            rows = np.arange(max(0, t + 1 - d), t + 1)
            x = X.to_numpy()[rows, a]
            here = ~np.isnan(x)
            if here.sum() >= least(d):
                x = x[here] - x[here][0]
                out[t, a] = stats.linregress(rows[here], x).slope
    return out


def decay(x):
    weights = np.arange(1.0, len(x) + 1)[~np.isnan(x)]
    return np.average(x[~np.isnan(x)], weights=weights)


for d in (5, 20):
    size = f"ts_max(abs(x), {d}, min: 1)"
    figures.add(f"ts_argmin(x, {d})", rows_ago(d, np.min), exact=True)
    figures.add(f"ts_argmax(x, {d})", rows_ago(d, np.max), exact=True)
    figures.add(f"trend(x, {d})", slope(d), near=RANGE.format(d=d))
    padded = pd.DataFrame(np.vstack([np.full((d - 1, ASSETS), np.nan), X]))
    decayed = padded.rolling(d, min_periods=least(d)).apply(decay, raw=True).to_numpy()[d - 1 :]
    figures.add(f"decay_linear(x, {d})", decayed, near=size)
    figures.add(f"ts_count(c == 1, {d})", (C == 1).astype(float).rolling(d, min_periods=1).sum(), exact=True)
    figures.add(f"ts_present(x, {d})", X.notna().astype(float).rolling(d, min_periods=1).sum(), exact=True)

def exponential(alpha):
    """Over the rows that weigh at least 1e-12; pandas where nothing lies beyond them."""
    length = int(np.ceil(np.log(1e-12) / np.log(1 - alpha))) + 1
    weights = (1 - alpha) ** np.arange(length)[::-1]

    def of(x):
        here = ~np.isnan(x)
        return np.average(x[here], weights=weights[-len(x) :][here])

    padded = pd.DataFrame(np.vstack([np.full((length - 1, ASSETS), np.nan), X]))
    mean = padded.rolling(length, min_periods=1).apply(of, raw=True).iloc[length - 1 :].set_axis(X.index)
    mean.iloc[:length] = X.iloc[:length].ewm(alpha=alpha, adjust=True, ignore_na=False).mean()
    return mean


for argument, alpha in (("6", 2 / 7), ("halflife: 3", 1 - 0.5 ** (1 / 3)), ("alpha: 0.4", 0.4)):
    figures.add(f"ema(x, {argument})", exponential(alpha), near="cumulative_max(fill(abs(x), 96))")

# Carried forward, and never forgetting.
figures.add("fill(x, 2)", X.ffill(limit=2), exact=True)
figures.add("cumulative_sum(x)", X.cumsum(), near="cumulative_sum(abs(x))")
figures.add("cumulative_product(x)", X.cumprod())
figures.add("cumulative_max(x)", X.cummax(), exact=True)
figures.add("cumulative_min(x)", X.cummin(), exact=True)
true = C == 1
runs = true.apply(lambda c: c.groupby((~c).cumsum()).cumsum())
figures.add("streak(c == 1)", runs, exact=True)
row = pd.DataFrame(np.repeat(np.arange(ROWS)[:, None], ASSETS, axis=1)).astype(float)
figures.add("since(c == 1)", row - row.where(true).ffill(), exact=True)


def when(k):
    out = np.full(X.shape, np.nan)
    for a in range(ASSETS):
        for t in range(ROWS):
            rows = np.flatnonzero(true.to_numpy()[: t + 1, a])
            if len(rows) >= k:
                out[t, a] = X.to_numpy()[rows[-k], a]
    return out


figures.add("value_when(c == 1, x)", when(1), exact=True)
figures.add("value_when(c == 1, x, k: 3)", when(3), exact=True)


def previous(x):
    out, seen = x.copy(), []
    for t, value in x.dropna().items():
        seen = seen if seen and seen[-1] == value else [*seen, value]
        out[t] = seen[-2] if len(seen) > 1 else np.nan
    return out


figures.add("previous(x)", X.apply(previous), exact=True)


def hump(x):
    out, held = x.copy(), None
    for t, value in x.dropna().items():
        held = value if held is None or abs(value - held) > 0.5 else held
        out[t] = held
    return out


figures.add("hump(x, 0.5)", X.apply(hump), exact=True)

# What is taken over is marked, so that a missing value is taken over too.
NOTHING = np.finfo(float).max
taken = X.fillna(NOTHING).where(true)
for leaves, text in ((Z < -1, ", exit: z < -1"), (Z > np.inf, "")):
    held = taken.mask(leaves, NOTHING).ffill().replace(NOTHING, np.nan)
    figures.add(f"trade_when(c == 1, x{text})", held, exact=True)

# A conjunction is known where both sides are, or one of them is false.
known, before = X.notna() & Y.notna(), X.shift().notna() & Y.shift().notna()
for name, now, then in (
    ("above", X > Y, X.shift() <= Y.shift()),
    ("below", X < Y, X.shift() >= Y.shift()),
):
    decided = (known & before) | (known & ~now) | (before & ~then)
    crosses = (now & then).astype(float).where(decided)
    figures.add(f"if crosses_{name}(x, y) then 1 else 0", crosses, exact=True)


# Regressions, the regressors moved to their first value and brought to one scale.
class Fit:
    def __init__(self, *rows):
        self.first = [r[0] for r in rows]
        self.scale = [np.abs(r - r[0]).max() for r in rows]
        self.works = all(s > 0 for s in self.scale[1:]) and len(rows[0]) >= len(rows)
        if not self.works:
            return
        y = rows[0] - rows[0][0]
        self.f = [(r - r[0]) / s for r, s in zip(rows[1:], self.scale[1:])]
        design = sm.add_constant(np.stack(self.f, axis=1), has_constant="add")
        self.works = np.linalg.matrix_rank(design - np.r_[0, design[:, 1:].mean(axis=0)], tol=1e-6) == design.shape[1]
        if self.works:
            self.size = np.abs(y).max() or 1.0
            self.ols = sm.OLS(y / self.size, design).fit(method="qr")

    def beta(self, k):
        return self.ols.params[k] * self.size / self.scale[k]

    def above(self, point):
        """The fitted value at a point, less the first y."""
        moved = [(p - f) / s for p, f, s in zip(point, self.first[1:], self.scale[1:])]
        return self.size * (self.ols.params @ np.r_[1, moved])

    def at(self, point):
        return self.first[0] + self.above(point)


def regression(d, part, *frames):
    def of(*rows, last):
        fit = Fit(*rows)
        return part(fit, last) if fit.works else np.nan

    return windows(d, least(d), of, *frames, today=True)


def freedom(f):
    return f.ols.df_resid > 0


PARTS = {
    "alpha": lambda f, last: f.at(np.zeros(len(last) - 1)),
    "residual": lambda f, last: last[0] - f.first[0] - f.above(last[1:]),
    "fitted": lambda f, last: f.at(last[1:]),
    "r_squared": lambda f, last: np.nan if np.ptp(f.ols.model.endog) == 0 else f.ols.rsquared,
    "residual_std": lambda f, last: f.size * np.sqrt(f.ols.mse_resid) if freedom(f) else np.nan,
}


def tstat(f, _):
    return f.ols.tvalues[1] if freedom(f) and f.ols.ssr > 1e-20 else np.nan


def market(frame):
    """One value a date, the mean of those present."""
    return pd.DataFrame(np.repeat(frame.to_numpy()[:, [5]], ASSETS, axis=1))


for d in (8, 24):
    spread = RANGE.format(d=d)
    for on, given, regressors in [("y", "", [Y]), ("y", ", given: z", [Y, Z]), ('(z of "A05")', ", given: y", [market(Z), Y])]:
        arguments = f"x, on: {on}{given}, window: {d}"
        slopes = f"({spread}) / ts_std({on}, {d})"
        figures.add(f"beta({arguments})", regression(d, lambda f, _: f.beta(1), X, *regressors), near=slopes)
        figures.add(f"tstat({arguments})", regression(d, tstat, X, *regressors), near="1")
        for name, part in PARTS.items():
            near = {
                "alpha": f"ts_max(abs(x), {d}, min: 1) + abs(beta({arguments})) * ts_max(abs({on}), {d}, min: 1)",
                "r_squared": "1",
                "fitted": f"ts_max(abs(x), {d}, min: 1)",
            }.get(name, spread)
            figures.add(f"{name}({arguments})", regression(d, part, X, *regressors), near=near)
    figures.add(
        f"regression(x, on: [y, z], window: {d}).beta(z)",
        regression(d, lambda f, _: f.beta(2), X, Y, Z),
        near=f"({spread}) / ts_std(z, {d})",
    )

figures.write()
