"""Every metric of a random record, computed with pandas and numpy alone. Writes reference.json beside itself."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

random = np.random.default_rng(11)
dates = pd.bdate_range("2015-01-02", periods=560)
n = len(dates)
benchmark_returns = random.normal(0.0004, 0.011, n)
returns = 0.8 * benchmark_returns + random.normal(0.0001, 0.006, n)
returns[0] = benchmark_returns[0] = 0.0
nav = pd.Series(1e6 * np.cumprod(1 + returns), dates)
benchmark = pd.Series(100 * np.cumprod(1 + benchmark_returns), dates)
benchmark.iloc[:20] = np.nan
risk_free = pd.Series(np.round(0.02 + 0.01 * np.sin(np.arange(n) / 90), 6) / 252, dates)
costs = pd.Series(np.where(np.arange(n) % 63 == 1, 500.0, 0.0), dates)
names = pd.Series(np.where(np.arange(n) == 0, 0, 40 + np.arange(n) % 7), dates)
exposure = pd.Series(np.where(np.arange(n) == 0, 0.0, 0.95 + 0.01 * (np.arange(n) % 5)), dates)
turnover = [0.31, 0.28, 0.25, 0.4]
capital = 1e6
rows_per_year = 252

r = nav.pct_change().iloc[1:]
b = benchmark.pct_change(fill_method=None).iloc[1:]
f = risk_free.iloc[1:]
excess = r - f
years = (dates[-1] - dates[0]).days / 365.25
total = nav.iloc[-1] / capital - 1
drawdown = nav / nav.cummax().clip(lower=capital) - 1
trough = drawdown.idxmin()
peak = drawdown.loc[:trough][drawdown.loc[:trough] == 0].index[-1]
after = drawdown.loc[trough:]
recovered = after[after == 0]


def by_period(frequency):
    last = nav.groupby(nav.index.to_period(frequency)).last()
    return last / last.shift(fill_value=capital) - 1


both = pd.DataFrame({"r": r, "b": b, "f": f}).dropna()
own, other = both.r - both.f, both.b - both.f
beta = np.cov(own, other, ddof=1)[0, 1] / np.var(other, ddof=1)
active = both.r - both.b
root = np.sqrt(rows_per_year)
annual = (1 + total) ** (1 / years) - 1

import statsmodels.api as sm
from scipy import stats

weights = [[0.3, 0.2, 0.5], [0.25, -0.25, 0.6, 0.1]]
shares = [np.abs(w) / np.abs(w).sum() for w in weights]
spells = (drawdown < 0).astype(int).diff().fillna(0).eq(1).cumsum()[drawdown < 0]
lags = int(np.floor(4 * (len(own) / 100) ** (2 / 9)))
fit = sm.OLS(own, sm.add_constant(other.rename("x"))).fit(
    cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
s = excess.mean() / excess.std()
spread = 1 - stats.skew(excess) * s + (stats.kurtosis(excess, fisher=False) - 1) / 4 * s**2
active_share, days_to_sell = [0.82, 0.75, 0.9], [0.4, 1.7, 0.9]
capacity = [5 * nav.iloc[i] / days for i, days in zip([0, 100, 200], days_to_sell)]
trials = [s, 0.01, 0.05, -0.02, 0.033]
luck = (1 - np.euler_gamma) * stats.norm.ppf(1 - 1 / 5) + np.euler_gamma * stats.norm.ppf(
    1 - 1 / (5 * np.e))


def growth(x):
    return stats.gmean(1 + x) - 1


expected = {
    "total_return": total,
    "annual_return": annual,
    "volatility": r.std() * root,
    "sharpe": excess.mean() / excess.std() * root,
    "sortino": excess.mean() / np.sqrt((excess.clip(upper=0) ** 2).mean()) * root,
    "calmar": annual / abs(drawdown.min()),
    "max_drawdown": drawdown.min(),
    "drawdown_peak": str(peak.date()),
    "drawdown_trough": str(trough.date()),
    "drawdown_recovery": str(recovered.index[0].date()) if len(recovered) else None,
    "best_year": by_period("Y").max(),
    "worst_year": by_period("Y").min(),
    "hit_rate_rows": (r > 0).mean(),
    "hit_rate_months": (by_period("M") > 0).mean(),
    "turnover": sum(turnover) / years,
    "costs_annual": (costs / nav.shift(fill_value=capital)).sum() / years,
    "costs_total": costs.sum(),
    "names": names.iloc[1:].mean(),
    "exposure": exposure.iloc[1:].mean(),
    "beta": beta,
    "alpha": (own.mean() - beta * other.mean()) * rows_per_year,
    "correlation": np.corrcoef(own, other)[0, 1],
    "tracking_error": active.std() * root,
    "information_ratio": active.mean() / active.std() * root,
    "omega": excess.clip(lower=0).sum() / (-excess).clip(lower=0).sum(),
    "average_drawdown": drawdown[drawdown < 0].groupby(spells).min().mean(),
    "ulcer_index": np.sqrt((drawdown**2).mean()),
    "skew": stats.skew(r),
    "kurtosis": stats.kurtosis(r),
    "value_at_risk_95": np.quantile(r, 0.05),
    "value_at_risk_99": np.quantile(r, 0.01),
    "tail_mean_95": r[r <= np.quantile(r, 0.05)].mean(),
    "tail_mean_99": r[r <= np.quantile(r, 0.01)].mean(),
    "best_row": r.max(),
    "worst_row": r.min(),
    "best_month": by_period("M").max(),
    "worst_month": by_period("M").min(),
    "tail_ratio": abs(np.quantile(r, 0.95)) / abs(np.quantile(r, 0.05)),
    "stability": stats.linregress(np.arange(n), np.log(nav)).rvalue ** 2,
    "probabilistic_sharpe": stats.norm.cdf(s * np.sqrt((len(excess) - 1) / spread)),
    "deflated_sharpe": stats.norm.cdf(
        (s - np.std(trials, ddof=1) * luck) * np.sqrt((len(excess) - 1) / spread)),
    "days_to_sell": np.mean(days_to_sell),
    "capacity": np.mean(capacity),
    "active_share": np.mean(active_share),
    "effective_names": float(np.mean([1 / (w**2).sum() for w in shares])),
    "largest_weight": max(abs(w) for list_ in weights for w in list_),
    "up_capture": growth(both.r[both.b > 0]) / growth(both.b[both.b > 0]),
    "down_capture": growth(both.r[both.b < 0]) / growth(both.b[both.b < 0]),
    "alpha_t": fit.tvalues["const"],
    "beta_t": fit.tvalues["x"],
}



def block_bootstrap(returns, share, count=1000):
    """Circular block bootstrap of the yearly return, blocks of a month, drawn by splitmix64."""
    n, block, bits, state = len(returns), round(rows_per_year / 12), 2**64 - 1, 0x9E3779B97F4A7C15
    draws = []
    for _ in range(count):
        rows = []
        while len(rows) < n:
            state = (state + 0x9E3779B97F4A7C15) & bits
            z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & bits
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & bits
            start = ((z ^ (z >> 31)) * n) >> 64
            rows += [(start + i) % n for i in range(block)]
        draws.append(np.prod(1 + returns[rows[:n]]) ** (rows_per_year / n) - 1)
    return np.quantile(draws, [(1 - share) / 2, (1 + share) / 2]).tolist()


json.dump(
    {
        "dates": [str(d.date()) for d in dates],
        "nav": nav.tolist(),
        "benchmark": [None if np.isnan(x) else x for x in benchmark],
        "risk_free": risk_free.tolist(),
        "costs": costs.tolist(),
        "names": names.tolist(),
        "exposure": exposure.tolist(),
        "turnover": turnover,
        "active_share": active_share,
        "days_to_sell": days_to_sell,
        "capacity": capacity,
        "trials": trials,
        "effective_names": [1 / (w**2).sum() for w in shares],
        "largest_weight": max(abs(w) for list_ in weights for w in list_),
        "capital": capital,
        "rows_per_year": rows_per_year,
        "expected": expected,
        "band_90": block_bootstrap(r.to_numpy(), 0.9),
        "years": {str(k): v for k, v in by_period("Y").items()},
    },
    Path(__file__).with_name("reference.json").open("w"),
    indent=0,
)
