"""Figures of factor portfolios, by plain pandas: `python3 spread.py` (numpy 2, pandas 2).

Inputs: close, x, w (a weight) and a group over weekdays of 2018 and 2019 for 15 assets, some with missing values, one that
is delisted, one that comes late. Group 2 (the last asset) is missing.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def formations(dates, after, every, month):
    """The last sessions of the months that count; `after` is the session that follows the last of the dates."""
    period = dates.to_period("M")
    last = [d for d, p, q in zip(dates, period, list(period[1:]) + [after.to_period("M")]) if p != q]
    return [d for d in last if d.month % every == month % every]


def spread(X, C, after, top=0.3, bottom=0.3, every=1, month=0, weight=None, within=None):
    """The return of each date, of scores and closes by date and asset; `within` is fixed by asset, or by date too."""
    dates = C.index
    out = pd.Series(np.nan, index=dates)
    formed = formations(dates, after, every, month)
    for k, f in enumerate(formed):
        until = formed[k + 1] if k + 1 < len(formed) else dates[-1]
        groups = within.loc[f] if isinstance(within, pd.DataFrame) else within
        table = pd.DataFrame({"x": X.loc[f], "p": C.loc[f], "g": 0.0 if within is None else groups})
        table["w"] = 1.0 if weight is None else weight.loc[f]
        table = table.dropna()
        table = table[table.w > 0]
        if table.empty:
            continue
        high = table[(table.x > table.x.quantile(1 - top)) | (top == 1)]
        low = table[(table.x <= table.x.quantile(bottom)) & (bottom > 0)]
        days = dates[(dates >= f) & (dates <= until)]
        total, counted = 0.0, 0
        for g in sorted(table.g.unique()):
            sides = [high[high.g == g], low[low.g == g]]
            if (top > 0 and sides[0].empty) or (bottom > 0 and sides[1].empty):
                continue
            counted += 1
            for side, sign in zip(sides, (1, -1)):
                if side.empty:
                    continue
                value = C.loc[days, side.index].ffill()
                value = value / value.iloc[0] * side.w
                now = value.iloc[1:]
                before = value.shift(1).iloc[1:].where(now.notna())
                change = now.sum(axis=1) / before.sum(axis=1) - 1
                total = total + sign * change.fillna(0.0)
        if counted:
            out.loc[days[1:]] = total / counted
    return out.to_numpy()


def figures():
    """Writes the inputs and the figures."""
    r = np.random.default_rng(11)
    dates = pd.bdate_range("2018-01-01", "2019-12-31")
    T, N = len(dates), 15
    close = 50 * np.exp(np.cumsum(0.02 * r.normal(size=(T, N)), axis=0))
    x = np.round(r.normal(size=(T, N)).cumsum(axis=0), 1)
    w = np.exp(r.normal(size=(T, N)))
    x[r.random((T, N)) < 0.1] = np.nan
    w[r.random((T, N)) < 0.05] = np.nan
    w[:, 4] = 0.0
    close[r.random((T, N)) < 0.03] = np.nan
    close[300:, 2] = np.nan   # delisted
    close[:150, 3] = np.nan   # comes late
    np.save(HERE / "spread.inputs.npy", np.stack([close, x, w]))
    groups = np.array([0, 1, 2] * 5, dtype=float)
    groups[14] = np.nan

    C, X, W = (pd.DataFrame(a, index=dates) for a in (close, x, w))
    after = pd.Timestamp("2020-01-01")
    cases = {
        "spread(x)": spread(X, C, after),
        "spread(x, top: 20%, bottom: 40%, rebalance: quarterly)": spread(X, C, after, 0.2, 0.4, 3, 3),
        "spread(x, weight: w)": spread(X, C, after, weight=W),
        "spread(x, top: 50%, bottom: 50%, weight: w, within: g, rebalance: annually(june))": spread(
            X, C, after, 0.5, 0.5, 12, 6, W, groups
        ),
        "spread(x, top: 100%, bottom: 0%, weight: w, rebalance: semiannually)": spread(X, C, after, 1.0, 0.0, 6, 6, W),
    }
    lines = ",\n".join(json.dumps({"expression": e, "near": "0 * x + 0.01"}) for e in cases)
    (HERE / "spread.json").write_text(f"[\n{lines}\n]\n")
    np.save(HERE / "spread.npy", np.stack([np.repeat(v[:, None], N, axis=1) for v in cases.values()]))


if __name__ == "__main__":
    figures()
