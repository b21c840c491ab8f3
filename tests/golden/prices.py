"""Figures of the price library, by pandas, on the market of alphas.py: `python3 prices.py` (numpy 2, pandas 2).

Its dates are every day, so a year has 365 rows.
"""

import json

import numpy as np
import pandas as pd

from figures import HERE

O, H, L, C, V, S = (pd.DataFrame(p) for p in np.load(HERE / "alphas.inputs.npy"))
YEAR = 365


def rolling(x, d):
    return x.rolling(d, min_periods=int(np.ceil(0.75 * d)))


def smoothed(x, **weights):
    """Adjusted exponential mean with its memory cut where the weight falls under 1e-12."""
    alpha = weights.get("alpha") or 2 / (weights["span"] + 1)
    keep = 1 - alpha
    rows = int(np.ceil(np.log(1e-12) / np.log(keep))) + 1
    total, weight = 0.0, 0.0
    for k in range(min(rows, len(x))):
        y = x.shift(k)
        total = total + (keep**k) * y.fillna(0.0)
        weight = weight + (keep**k) * y.notna()
    return (total / weight).where(weight > 0)


returns = C / C.shift(1) - 1
change = C - C.shift(1)
true_range = pd.DataFrame(
    np.maximum(np.maximum(H - L, (H - C.shift(1)).abs()), (L - C.shift(1)).abs())
)
line = smoothed(C, span=12) - smoothed(C, span=26)
deepest = lambda w: (w[~np.isnan(w)] / np.maximum.accumulate(w[~np.isnan(w)])).min() - 1
falls = C.rolling(40, min_periods=30).apply(deepest, raw=True)

cases = {
    "return(21, skip: 5)": C.shift(5) / C.shift(21) - 1,
    "price_return(5)": C / C.shift(5) - 1,
    "momentum(60, 10)": C.shift(10) / C.shift(60) - 1,
    "reversal(20)": -(C / C.shift(20) - 1),
    "log_return(5)": np.log(C / C.shift(5)),
    "volatility(40)": rolling(returns, 40).std() * np.sqrt(YEAR),
    "downside(40)": np.sqrt(rolling(returns.clip(upper=0) ** 2, 40).mean()) * np.sqrt(YEAR),
    "adv(20)": rolling(C * V, 20).mean(),
    "turnover_ratio(20)": rolling(V / S, 20).mean(),
    "amihud(40)": rolling(returns.abs() / (C * V / 1e6), 40).mean(),
    "high_ratio(40)": C / rolling(C, 40).max(),
    "max_return(20)": rolling(returns, 20).max(),
    "max_drawdown(40)": falls,
    "rsi(14)": 100 * smoothed(change.clip(lower=0), alpha=1 / 14) / smoothed(change.abs(), alpha=1 / 14),
    "atr(14)": smoothed(true_range, alpha=1 / 14),
    "macd(12, 26, 9)": line - smoothed(line, span=9),
    "bollinger(20, 2)": (C - (rolling(C, 20).mean() - 2 * rolling(C, 20).std(ddof=0)))
    / (4 * rolling(C, 20).std(ddof=0)),
    "market_cap": S * C,
    "size": -np.log(S * C),
}
near = {"macd(12, 26, 9)": "close", "bollinger(20, 2)": "1 + 0 * close"}
lines = ",\n".join(json.dumps({"expression": e, **({"near": near[e]} if e in near else {"near": "0.001 + 0 * close"})}) for e in cases)
(HERE / "prices.json").write_text(f"[\n{lines}\n]\n")
values = [np.where(np.isfinite(v), v, np.nan) for v in (c.to_numpy(float) for c in cases.values())]
np.save(HERE / "prices.npy", np.stack(values))
