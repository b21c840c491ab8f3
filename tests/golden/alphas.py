"""Figures of alphas, by numpy and pandas: `python3 alphas.py` (numpy 2, pandas 2).

Writes alphas.inputs.npy (open, high, low, close, volume, shares: fields x rows x assets; the sectors are 0 1 2 by turns,
the last asset has none), and for each file of strategies/lib its NAME.json and NAME.npy: values at ROWS.

The 101 alphas are written as the paper prints them, with its own windows, which are floored here. Left out are those that
rank values of which many are equal but for rounding (correlations of ranks): there the last bit decides.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
T, N = 260, 12
ROWS = [0, 3, 7, 14, 29, 58, 80, 120, 150, 190, 205, 220, 230, 240, 248, 251, 253, 255, 257, 259]
r = np.random.default_rng(101)
close_ = 40 * np.exp(np.cumsum(0.02 * r.normal(size=(T, N)), axis=0)) * np.linspace(0.5, 3, N)
open_ = np.vstack([close_[:1], close_[:-1]]) * np.exp(0.008 * r.normal(size=(T, N)))
high_ = np.maximum(open_, close_) * (1 + 0.01 * r.random((T, N)))
low_ = np.minimum(open_, close_) * (1 - 0.01 * r.random((T, N)))
volume_ = np.round(1e6 * np.exp(0.5 * r.normal(size=(T, N))) * np.linspace(3, 0.2, N))
shares_ = np.repeat(1e8 * np.exp(r.normal(size=(1, N))), T, axis=0)
for p in (open_, high_, low_, close_):
    p[120:150, 4] = 51.25          # a suspended price, its volume goes on
    p[:40, 7] = np.nan             # a late start
    p[230:, 9] = np.nan            # an early end
volume_[:40, 7] = volume_[230:, 9] = np.nan
holes = r.random((T, N)) < 0.02
for p in (open_, high_, low_, close_, volume_):
    p[holes] = np.nan
volume_[r.random((T, N)) < 0.01] = np.nan
np.save(HERE / "alphas.inputs.npy", np.stack([open_, high_, low_, close_, volume_, shares_]))
open, high, low, close, volume, shares = (pd.DataFrame(p) for p in (open_, high_, low_, close_, volume_, shares_))
SECTORS = np.array([0.0, 1, 2] * 4)
SECTORS[11] = np.nan


def finite(x):
    return x.where(np.isfinite(x))


def windows(x, d, least, f):
    """f of the values present in each asset's last d rows, today's last, where there are enough."""
    x = np.asarray(x, float)
    out = np.full(x.shape, np.nan)
    for t in range(T):
        for a in range(N):
            w = x[max(0, t + 1 - d) : t + 1, a]
            if (~np.isnan(w)).sum() >= least:
                out[t, a] = f(w)
    return finite(pd.DataFrame(out))


def least(d):
    return int(np.ceil(0.75 * d))


def today(f):
    """Only where today has a value."""
    return lambda w: np.nan if np.isnan(w[-1]) else f(w)


def spread_of(w, ddof):
    w = w[~np.isnan(w)]
    if len(w) <= ddof:
        return np.nan
    return 0.0 if w.min() == w.max() else np.std(w, ddof=ddof)


def pairs(x, y, d, need, f):
    x, y = np.asarray(x, float), np.asarray(y, float)
    out = np.full(x.shape, np.nan)
    for t in range(T):
        for a in range(N):
            u, v = x[max(0, t + 1 - d) : t + 1, a], y[max(0, t + 1 - d) : t + 1, a]
            both = ~np.isnan(u) & ~np.isnan(v)
            if both.sum() >= need:
                out[t, a] = f(u[both], v[both])
    return finite(pd.DataFrame(out))


def pearson(u, v):
    if len(u) < 2 or u.min() == u.max() or v.min() == v.max():
        return np.nan
    u, v = u - u.mean(), v - v.mean()
    return (u * v).sum() / np.sqrt((u * u).sum() * (v * v).sum())


# The paper's functions -------------------------------------------------------------------------------------------------
def floored(f):
    return lambda *a: f(*a[:-1], int(np.floor(a[-1])))


def mid_rank(w):
    w = pd.Series(w).dropna()
    return 0.5 if len(w) == 1 else (w.rank().iloc[-1] - 1) / (len(w) - 1)


@floored
def sum(x, d):
    return windows(x, d, least(d), np.nansum)


@floored
def mean(x, d):
    return windows(x, d, least(d), np.nanmean)


@floored
def stddev(x, d):
    return windows(x, d, least(d), lambda w: spread_of(w, 1))


@floored
def product(x, d):
    return windows(x, d, least(d), np.nanprod)


@floored
def ts_min(x, d):
    return windows(x, d, least(d), np.nanmin)


@floored
def ts_max(x, d):
    return windows(x, d, least(d), np.nanmax)


@floored
def Ts_ArgMax(x, d):
    return windows(x, d, least(d), lambda w: float(np.nanargmax(w[::-1])))


@floored
def Ts_ArgMin(x, d):
    return windows(x, d, least(d), lambda w: float(np.nanargmin(w[::-1])))


@floored
def Ts_Rank(x, d):
    return windows(x, d, least(d), today(mid_rank))


@floored
def decay_linear(x, d):
    def f(w):
        weight = np.where(np.isnan(w), 0.0, np.arange(d - len(w) + 1, d + 1, dtype=float))
        return np.nansum(w * weight) / weight.sum()

    return windows(x, d, least(d), f)


@floored
def correlation(x, y, d):
    return pairs(x, y, d, max(2, least(d)), pearson)


@floored
def covariance(x, y, d):
    return pairs(x, y, d, least(d), lambda u, v: np.cov(u, v)[0, 1] if len(u) > 1 else np.nan)


@floored
def delay(x, d):
    return x.shift(d)


@floored
def delta(x, d):
    return x - x.shift(d)


def priced(x):
    """Across assets only those count that have a price on the day."""
    return x.where(close.notna())


def rank(x):
    x = priced(x)
    n = x.notna().sum(axis=1)
    out = x.rank(axis=1).sub(1).div((n - 1).where(n > 1), axis=0)
    return out.where(~(x.notna().mul(n == 1, axis=0)), 0.5)


def scale(x):
    x = priced(x)
    return finite(x.div(x.abs().sum(axis=1), axis=0))


def IndNeutralize(x, _):
    x = priced(x)
    return pd.concat([x.loc[:, SECTORS == g] for g in (0, 1, 2)], axis=1).sort_index(axis=1).pipe(
        lambda s: s - pd.DataFrame({a: s.loc[:, [b for b in s if SECTORS[b] == SECTORS[a]]].mean(axis=1) for a in s})
    ).reindex(columns=range(N))


def where(c, x, y):
    """c ? x : y, missing where the condition is."""
    c = c.astype(float)
    x, y = (v if isinstance(v, pd.DataFrame) else pd.DataFrame(np.full((T, N), float(v))) for v in (x, y))
    return pd.DataFrame(np.select([c == 1, c == 0], [x, y], np.nan))


def test(x, op, y):
    """A comparison, missing where a side is."""
    y = y if isinstance(y, pd.DataFrame) else pd.DataFrame(np.full((T, N), float(y)))
    c = {"<": x < y, ">": x > y, "<=": x <= y, ">=": x >= y}[op]
    return c.astype(float).where(x.notna() & y.notna())


def either(a, b):
    """SQL's `or`."""
    return pd.DataFrame(np.select([(a == 1) | (b == 1), (a == 0) & (b == 0)], [1.0, 0.0], np.nan))


def SignedPower(x, a):
    with np.errstate(all="ignore"):
        return finite(np.sign(x) * np.power(x.abs(), a))


def power(x, a):
    with np.errstate(all="ignore"):
        return finite(pd.DataFrame(np.power(np.asarray(x), np.asarray(a))).where(x.notna() & (a if isinstance(a, pd.DataFrame) else x).notna()))


def greater(x, y):
    return pd.DataFrame(np.maximum(x.to_numpy(), y.to_numpy()))


def lesser(x, y):
    return pd.DataFrame(np.minimum(x.to_numpy(), y.to_numpy()))


def log(x):
    with np.errstate(all="ignore"):
        return finite(np.log(x))


abs, sign = np.abs, np.sign
returns = close / close.shift(1) - 1
vwap = (high + low + close) / 3
money = close * volume
adv = {d: mean(money, d) for d in (5, 10, 15, 20, 30, 40, 50, 60, 81, 120, 180)}
adv20 = adv[20]
busy = money / adv20
cap = shares * close
sector = industry = subindustry = None
bend = (delay(close, 20) - delay(close, 10)) / 10 - (delay(close, 10) - close) / 10
d1 = delta(close, 1)

ALPHAS = {
    1: lambda: rank(Ts_ArgMax(SignedPower(where(test(returns, "<", 0), stddev(returns, 20), close), 2.0), 5)) - 0.5,
    2: lambda: -1 * correlation(rank(delta(log(volume), 2)), rank((close - open) / open), 6),
    3: lambda: -1 * correlation(rank(open), rank(volume), 10),
    4: lambda: -1 * Ts_Rank(rank(low), 9),
    5: lambda: rank(open - mean(vwap, 10)) * (-1 * abs(rank(close - vwap))),
    6: lambda: -1 * correlation(open, volume, 10),
    7: lambda: where(test(adv20, "<", money), -1 * Ts_Rank(abs(delta(close, 7)), 60) * sign(delta(close, 7)), -1),
    8: lambda: -1 * rank(sum(open, 5) * sum(returns, 5) - delay(sum(open, 5) * sum(returns, 5), 10)),
    9: lambda: where(either(test(ts_min(d1, 5), ">", 0), test(ts_max(d1, 5), "<", 0)), d1, -1 * d1),
    10: lambda: rank(where(either(test(ts_min(d1, 4), ">", 0), test(ts_max(d1, 4), "<", 0)), d1, -1 * d1)),
    11: lambda: (rank(ts_max(vwap - close, 3)) + rank(ts_min(vwap - close, 3))) * rank(delta(volume, 3)),
    12: lambda: sign(delta(volume, 1)) * (-1 * delta(close, 1)),
    14: lambda: (-1 * rank(delta(returns, 3))) * correlation(open, volume, 10),
    17: lambda: ((-1 * rank(Ts_Rank(close, 10))) * rank(delta(delta(close, 1), 1))) * rank(Ts_Rank(busy, 5)),
    18: lambda: -1 * rank(stddev(abs(close - open), 5) + (close - open) + correlation(close, open, 10)),
    19: lambda: (-1 * sign(close - delay(close, 7) + delta(close, 7))) * (1 + rank(1 + sum(returns, 250))),
    20: lambda: -1 * rank(open - delay(high, 1)) * rank(open - delay(close, 1)) * rank(open - delay(low, 1)),
    21: lambda: where(
        test(mean(close, 8) + stddev(close, 8), "<", mean(close, 2)),
        -1,
        where(test(mean(close, 2), "<", mean(close, 8) - stddev(close, 8)), 1, where(test(busy, ">=", 1), 1, -1)),
    ),
    22: lambda: -1 * (delta(correlation(high, volume, 5), 5) * rank(stddev(close, 20))),
    23: lambda: where(test(mean(high, 20), "<", high), -1 * delta(high, 2), 0),
    24: lambda: where(
        test(delta(mean(close, 100), 100) / delay(close, 100), "<=", 0.05),
        -1 * (close - ts_min(close, 100)),
        -1 * delta(close, 3),
    ),
    25: lambda: rank(((-1 * returns) * adv20) * vwap * (high - close)),
    26: lambda: -1 * ts_max(correlation(Ts_Rank(volume, 5), Ts_Rank(high, 5), 5), 3),
    28: lambda: scale(correlation(adv20, low, 5) + (high + low) / 2 - close),
    29: lambda: ts_min(
        product(rank(rank(scale(log(sum(ts_min(rank(rank(-1 * rank(delta(close - 1, 5)))), 2), 1))))), 1), 5
    )
    + Ts_Rank(delay(-1 * returns, 6), 5),
    30: lambda: (1.0 - rank(sign(d1) + sign(delay(d1, 1)) + sign(delay(d1, 2)))) * sum(volume, 5) / sum(volume, 20),
    32: lambda: scale(mean(close, 7) - close) + 20 * scale(correlation(vwap, delay(close, 5), 230)),
    33: lambda: rank(-1 * (1 - open / close)),
    34: lambda: rank((1 - rank(finite(stddev(returns, 2) / stddev(returns, 5)))) + (1 - rank(d1))),
    35: lambda: Ts_Rank(volume, 32) * (1 - Ts_Rank(close + high - low, 16)) * (1 - Ts_Rank(returns, 32)),
    36: lambda: 2.21 * rank(correlation(close - open, delay(volume, 1), 15))
    + 0.7 * rank(open - close)
    + 0.73 * rank(Ts_Rank(delay(-1 * returns, 6), 5))
    + rank(abs(correlation(vwap, adv20, 6)))
    + 0.6 * rank((mean(close, 200) - open) * (close - open)),
    37: lambda: rank(correlation(delay(open - close, 1), close, 200)) + rank(open - close),
    38: lambda: (-1 * rank(Ts_Rank(close, 10))) * rank(close / open),
    39: lambda: (-1 * rank(delta(close, 7) * (1 - rank(decay_linear(busy, 9))))) * (1 + rank(sum(returns, 250))),
    40: lambda: (-1 * rank(stddev(high, 10))) * correlation(high, volume, 10),
    41: lambda: np.sqrt(high * low) - vwap,
    42: lambda: finite(rank(vwap - close) / rank(vwap + close)),
    43: lambda: Ts_Rank(busy, 20) * Ts_Rank(-1 * delta(close, 7), 8),
    44: lambda: -1 * correlation(high, rank(volume), 5),
    47: lambda: (rank(1 / close) * busy) * (high * rank(high - close) / mean(high, 5)) - rank(vwap - delay(vwap, 5)),
    48: lambda: IndNeutralize(correlation(d1, delta(delay(close, 1), 1), 250) * d1 / close, subindustry)
    / sum(power(d1 / delay(close, 1), 2), 250),
    49: lambda: where(test(bend, "<", -0.1), 1, -1 * d1),
    51: lambda: where(test(bend, "<", -0.05), 1, -1 * d1),
    52: lambda: (-1 * ts_min(low, 5) + delay(ts_min(low, 5), 5))
    * rank((sum(returns, 240) - sum(returns, 20)) / 220)
    * Ts_Rank(volume, 5),
    53: lambda: -1 * delta(finite(((close - low) - (high - close)) / (close - low)), 9),
    54: lambda: finite((-1 * ((low - close) * open**5)) / ((low - high) * close**5)),
    55: lambda: -1
    * correlation(rank(finite((close - ts_min(low, 12)) / (ts_max(high, 12) - ts_min(low, 12)))), rank(volume), 6),
    56: lambda: 0 - rank(sum(returns, 10) / sum(sum(returns, 2), 3)) * rank(returns * cap),
    57: lambda: 0 - finite((close - vwap) / decay_linear(rank(Ts_ArgMax(close, 30)), 2)),
    58: lambda: -1 * Ts_Rank(decay_linear(correlation(IndNeutralize(vwap, sector), volume, 3.92795), 7.89291), 5.50322),
    60: lambda: 0
    - (
        2 * scale(rank(finite(((close - low) - (high - close)) / (high - low)) * volume))
        - scale(rank(Ts_ArgMax(close, 10)))
    ),
    61: lambda: test(rank(vwap - ts_min(vwap, 16.1219)), "<", rank(correlation(vwap, adv[180], 17.9282))),
    64: lambda: -1
    * test(
        rank(
            correlation(
                sum(open * 0.178404 + low * (1 - 0.178404), 12.7054), sum(adv[120], 12.7054), 16.6208
            )
        ),
        "<",
        rank(delta((high + low) / 2 * 0.178404 + vwap * (1 - 0.178404), 3.69741)),
    ),
    65: lambda: -1
    * test(
        rank(correlation(open * 0.00817205 + vwap * (1 - 0.00817205), sum(adv[60], 8.6911), 6.40374)),
        "<",
        rank(open - ts_min(open, 13.635)),
    ),
    66: lambda: -1
    * (
        rank(decay_linear(delta(vwap, 3.51013), 7.23052))
        + Ts_Rank(
            decay_linear(
                finite((low * 0.96633 + low * (1 - 0.96633) - vwap) / (open - (high + low) / 2)), 11.4157
            ),
            6.72611,
        )
    ),
    67: lambda: -1
    * power(
        rank(high - ts_min(high, 2.14593)),
        rank(correlation(IndNeutralize(vwap, sector), IndNeutralize(adv20, subindustry), 6.02936)),
    ),
    69: lambda: -1
    * power(
        rank(ts_max(delta(IndNeutralize(vwap, industry), 2.72412), 4.79344)),
        Ts_Rank(correlation(close * 0.490655 + vwap * (1 - 0.490655), adv20, 4.92416), 9.0615),
    ),
    70: lambda: -1
    * power(
        rank(delta(vwap, 1.29456)), Ts_Rank(correlation(IndNeutralize(close, industry), adv[50], 17.8256), 17.9171)
    ),
    73: lambda: -1
    * greater(
        rank(decay_linear(delta(vwap, 4.72775), 2.91864)),
        Ts_Rank(
            decay_linear(
                -1 * (delta(open * 0.147155 + low * (1 - 0.147155), 2.03608) / (open * 0.147155 + low * (1 - 0.147155))),
                3.33829,
            ),
            16.7411,
        ),
    ),
    76: lambda: -1
    * greater(
        rank(decay_linear(delta(vwap, 1.24383), 11.8259)),
        Ts_Rank(
            decay_linear(Ts_Rank(correlation(IndNeutralize(low, sector), adv[81], 8.14941), 19.569), 17.1543), 19.383
        ),
    ),
    77: lambda: lesser(
        rank(decay_linear((high + low) / 2 + high - (vwap + high), 20.0451)),
        rank(decay_linear(correlation((high + low) / 2, adv[40], 3.1614), 5.64125)),
    ),
    80: lambda: -1
    * power(
        rank(sign(delta(IndNeutralize(open * 0.868128 + high * (1 - 0.868128), industry), 4.04545))),
        Ts_Rank(correlation(high, adv[10], 5.11456), 5.53756),
    ),
    83: lambda: finite(
        (rank(delay((high - low) / mean(close, 5), 2)) * rank(rank(volume)))
        / finite(((high - low) / mean(close, 5)) / (vwap - close))
    ),
    84: lambda: SignedPower(Ts_Rank(vwap - ts_max(vwap, 15.3217), 20.7127), delta(close, 4.96796)),
    86: lambda: -1
    * test(
        Ts_Rank(correlation(close, sum(adv20, 14.7444), 6.00049), 20.4195), "<", rank((open + close) - (vwap + open))
    ),
    87: lambda: -1
    * greater(
        rank(decay_linear(delta(close * 0.369701 + vwap * (1 - 0.369701), 1.91233), 2.65461)),
        Ts_Rank(decay_linear(abs(correlation(IndNeutralize(adv[81], industry), close, 13.4132)), 4.89768), 14.4535),
    ),
    89: lambda: Ts_Rank(
        decay_linear(correlation(low * 0.967285 + low * (1 - 0.967285), adv[10], 6.94279), 5.51607), 3.79744
    )
    - Ts_Rank(decay_linear(delta(IndNeutralize(vwap, industry), 3.48158), 10.1466), 15.3012),
    90: lambda: -1
    * power(
        rank(close - ts_max(close, 4.66719)),
        Ts_Rank(correlation(IndNeutralize(adv[40], subindustry), low, 5.38375), 3.21856),
    ),
    91: lambda: -1
    * (
        Ts_Rank(
            decay_linear(decay_linear(correlation(IndNeutralize(close, industry), volume, 9.74928), 16.398), 3.83219),
            4.8667,
        )
        - rank(decay_linear(correlation(vwap, adv[30], 4.01303), 2.6809))
    ),
    93: lambda: finite(
        Ts_Rank(decay_linear(correlation(IndNeutralize(vwap, industry), adv[81], 17.4193), 19.848), 7.54455)
        / rank(decay_linear(delta(close * 0.524434 + vwap * (1 - 0.524434), 2.77377), 16.2664))
    ),
    101: lambda: (close - open) / ((high - low) + 0.001),
}

# Sums of parts that nearly cancel: how large the parts are.
NEAR = dict.fromkeys((2, 3, 6, 14, 22, 26, 40, 44, 47, 55), "1")  # correlations
NEAR |= {12: "close", 23: "close", 41: "close", 53: "100"}


# Qlib's functions ------------------------------------------------------------------------------------------------------
def Ref(x, d):
    return x.shift(d)


def Rolling(x, d, name, *a):
    return getattr(x.rolling(d, min_periods=1), name)(*a)


def Mean(x, d):
    return windows(x, d, 1, np.nanmean)


def Sum(x, d):
    return windows(x, d, 1, np.nansum)


def Std(x, d):
    return windows(x, d, 1, lambda w: spread_of(w, 1))


def Max(x, d):
    return Rolling(x, d, "max")


def Min(x, d):
    return Rolling(x, d, "min")


def Quantile(x, d, q):
    return windows(x, d, 1, lambda w: np.nanquantile(w, q))


def Rank(x, d):
    return Rolling(x, d, "rank", "average", True, True).where(x.notna())


def line(f):
    def g(w, d):
        t = np.arange(d - len(w) + 1, d + 1, dtype=float)[~np.isnan(w)]
        y = w[~np.isnan(w)]
        if len(y) < 2:
            return np.nan
        b = ((t - t.mean()) * (y - y.mean())).sum() / ((t - t.mean()) ** 2).sum()
        return f(w, b, y.mean() + b * (d - t.mean()), t, y)

    return lambda x, d: windows(x, d, 1, lambda w: g(w, d))


Slope = line(lambda w, b, today, t, y: b)
Resi = line(lambda w, b, today, t, y: w[-1] - today)
Rsquare = line(lambda w, b, today, t, y: (pearson(t, y) if y.min() < y.max() else np.nan) ** 2)


def IdxMax(x, d):
    return windows(x, d, 1, lambda w: d - float(np.nanargmax(w[::-1])))


def IdxMin(x, d):
    return windows(x, d, 1, lambda w: d - float(np.nanargmin(w[::-1])))


def Corr(x, y, d):
    return pairs(x, y, d, 2, pearson)


def counted(c):
    return c.astype(float)


def positive(x):
    return x.clip(lower=0)


O, H, L, C, V = open, high, low, close, volume
change, flow = C - Ref(C, 1), V - Ref(V, 1)
swing = abs(C / Ref(C, 1) - 1) * V
body_top, body_bottom = greater(O, C), lesser(O, C)
E = 1e-12
FEATURES = {
    "kmid": (C - O) / O,
    "klen": (H - L) / O,
    "kmid2": (C - O) / (H - L + E),
    "kup": (H - body_top) / O,
    "kup2": (H - body_top) / (H - L + E),
    "klow": (body_bottom - L) / O,
    "klow2": (body_bottom - L) / (H - L + E),
    "ksft": (2 * C - H - L) / O,
    "ksft2": (2 * C - H - L) / (H - L + E),
    "open0": O / C,
    "high0": H / C,
    "low0": L / C,
    "vwap0": vwap / C,
}
for d in (5, 60):
    FEATURES |= {
        f"roc{d}": Ref(C, d) / C,
        f"ma{d}": Mean(C, d) / C,
        f"std{d}": Std(C, d) / C,
        f"beta{d}": Slope(C, d) / C,
        f"rsqr{d}": Rsquare(C, d),
        f"resi{d}": Resi(C, d) / C,
        f"max{d}": Max(H, d) / C,
        f"min{d}": Min(L, d) / C,
        f"qtlu{d}": Quantile(C, d, 0.8) / C,
        f"qtld{d}": Quantile(C, d, 0.2) / C,
        f"rank{d}": Rank(C, d),
        f"rsv{d}": (C - Min(L, d)) / (Max(H, d) - Min(L, d) + E),
        f"imax{d}": IdxMax(H, d) / d,
        f"imin{d}": IdxMin(L, d) / d,
        f"imxd{d}": (IdxMax(H, d) - IdxMin(L, d)) / d,
        f"corr{d}": Corr(C, np.log(V + 1), d),
        f"cord{d}": Corr(C / Ref(C, 1), np.log(V / Ref(V, 1) + 1), d),
        f"cntp{d}": Mean(counted(C > Ref(C, 1)), d),
        f"cntn{d}": Mean(counted(C < Ref(C, 1)), d),
        f"cntd{d}": Mean(counted(C > Ref(C, 1)), d) - Mean(counted(C < Ref(C, 1)), d),
        f"sump{d}": Sum(positive(change), d) / (Sum(abs(change), d) + E),
        f"sumn{d}": Sum(positive(-change), d) / (Sum(abs(change), d) + E),
        f"sumd{d}": (Sum(positive(change), d) - Sum(positive(-change), d)) / (Sum(abs(change), d) + E),
        f"vma{d}": Mean(V, d) / (V + E),
        f"vstd{d}": Std(V, d) / (V + E),
        f"wvma{d}": Std(swing, d) / (Mean(swing, d) + E),
        f"vsump{d}": Sum(positive(flow), d) / (Sum(abs(flow), d) + E),
        f"vsumn{d}": Sum(positive(-flow), d) / (Sum(abs(flow), d) + E),
        f"vsumd{d}": (Sum(positive(flow), d) - Sum(positive(-flow), d)) / (Sum(abs(flow), d) + E),
    }
NEAR158 = {k: "1" for k in FEATURES if k.startswith(("kmid", "ksft", "resi", "rsqr", "beta", "corr", "cord", "sumd", "vsumd"))}


def write(name, figures, near):
    lines = ",\n".join(json.dumps({"expression": k} | ({"near": near[k]} if k in near else {})) for k in figures)
    (HERE / f"{name}.json").write_text(f"[\n{lines}\n]\n")
    values = [finite(v.astype(float)).to_numpy()[ROWS] for v in figures.values()]
    np.save(HERE / f"{name}.npy", np.stack(values))


if __name__ == "__main__":
    np.seterr(all="ignore")
    write("alpha101", {f"alpha{n:03}": f() for n, f in ALPHAS.items()}, {f"alpha{n:03}": v for n, v in NEAR.items()})
    write("alpha158", FEATURES, NEAR158)
