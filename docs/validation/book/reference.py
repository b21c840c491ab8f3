"""An equally weighted quarterly book with costs, cash at 2%, missing prices and a delisting, as a plain daily loop.

Orders are fixed in shares at the quarter's last close and filled at the next close that there is; sales come first, and
if cash is short all purchases of the day shrink by one factor. Writes reference.json beside itself.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

random = np.random.default_rng(7)
dates = pd.bdate_range("2018-01-01", periods=420)
symbols = [f"S{i}" for i in range(8)]
steps = random.normal(0.0003, 0.02, (len(dates), len(symbols)))
prices = pd.DataFrame(np.round(50 * np.exp(np.cumsum(steps, axis=0)), 4), dates, symbols)
prices[random.random(prices.shape) < 0.03] = np.nan
prices.loc[dates[230] :, "S3"] = np.nan  # delisted
prices.loc[: dates[100], "S5"] = np.nan  # listed later
prices.loc[dates[64], "S1"] = np.nan  # no price when a quarter's orders are due
prices.loc[dates[65], "S1"] = np.nan

capital, cost, cash_rate = 100_000.0, 0.001, 0.02
next_session = pd.Series(dates[1:].append(pd.DatetimeIndex([dates[-1] + pd.offsets.BDay()])), dates)
decisions = [d for d in dates if next_session[d].quarter != d.quarter]
last_priced = prices.apply(pd.Series.last_valid_index)

cash, shares, orders, rows = capital, {}, {}, []
start = next(d for d in decisions if prices.loc[d].notna().any())
for date in dates[dates >= start]:
    today = prices.loc[date]
    known = prices.loc[:date].ffill().iloc[-1]
    paid = 0.0
    if date > start:
        cash *= 1 + cash_rate / 252
        for symbol in list(shares):
            if last_priced[symbol] < date and last_priced[symbol] < dates[-1]:
                cash += shares.pop(symbol) * known[symbol]
                orders.pop(symbol, None)
        due = {s: target for s, target in orders.items() if pd.notna(today[s])}
        for symbol, target in due.items():
            change = target - shares.get(symbol, 0.0)
            if change < 0:
                cash += -change * today[symbol] * (1 - cost)
                paid += -change * today[symbol] * cost
                shares[symbol] = target
        wanted = {s: t - shares.get(s, 0.0) for s, t in due.items() if t > shares.get(s, 0.0)}
        price = sum(change * today[s] * (1 + cost) for s, change in wanted.items())
        share = min(1.0, cash / price) if price > 0 else 1.0
        for symbol, change in wanted.items():
            shares[symbol] = shares.get(symbol, 0.0) + share * change
            cash -= share * change * today[symbol] * (1 + cost)
            paid += share * change * today[symbol] * cost
        shares = {s: x for s, x in shares.items() if x > 0}
        for symbol in due:
            del orders[symbol]
    value = cash + sum(x * known[s] for s, x in shares.items())
    if date in decisions:
        picked = today[today.notna()].index
        orders = {s: 0.0 for s in shares}
        orders.update({s: value / len(picked) / today[s] for s in picked})
    rows.append((str(date.date()), value, cash, paid, len(shares)))

json.dump(
    {
        "dates": [str(d.date()) for d in dates],
        "symbols": symbols,
        "prices": [[None if np.isnan(x) else x for x in row] for row in prices.to_numpy()],
        "capital": capital,
        "cost": cost,
        "cash_rate": cash_rate,
        "decisions": [str(d.date()) for d in decisions],
        "start": str(start.date()),
        "nav": [r[1] for r in rows],
        "cash": [r[2] for r in rows],
        "costs": [r[3] for r in rows],
        "names": [r[4] for r in rows],
    },
    Path(__file__).with_name("reference.json").open("w"),
    indent=0,
)
