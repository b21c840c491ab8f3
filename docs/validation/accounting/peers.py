"""The same strategies in bt 1.4.1 and vectorbt 1.2.0, on prices without gaps or actions. Writes clean/ and peers.json.

Where the conventions are the same the net asset values are; README.md says where they are not, and what that makes.
"""

import json
import pathlib

import bt
import numpy as np
import pandas as pd
import vectorbt as vbt

HERE = pathlib.Path(__file__).parent


def make():
    rng = np.random.default_rng(7)
    dates = pd.bdate_range("2015-01-01", "2018-12-31")
    steps = rng.normal(0.0004, 1, (len(dates), 5)) * [0.008, 0.011, 0.014, 0.018, 0.022]
    prices = pd.DataFrame(np.round(60 * np.exp(np.cumsum(steps, axis=0)), 3), dates,
                          ["AAA", "BBB", "CCC", "DDD", "EEE"])
    long = prices.stack().rename("close").reset_index()
    long.columns = ["date", "symbol", "close"]
    (HERE / "clean").mkdir(exist_ok=True)
    long["date"] = long["date"].dt.strftime("%Y-%m-%d")
    long.to_csv(HERE / "clean" / "prices.csv", index=False)
    read = pd.read_csv(HERE / "clean" / "prices.csv", parse_dates=["date"])
    return read.pivot(index="date", columns="symbol", values="close")


def in_bt(prices, name, algos, commission=None):
    strategy = bt.Strategy(name, algos)
    test = bt.Backtest(strategy, prices, initial_capital=1e6, integer_positions=False,
                       commissions=commission)
    result = bt.run(test)
    # bt puts a day before the first, on which nothing is held yet.
    return test.strategy.values.loc[prices.index[0]:]


def in_vectorbt(prices, targets, fees=0.0):
    """Target shares of the value, at the closes of their dates."""
    orders = pd.DataFrame(np.nan, prices.index, prices.columns)
    for date, target in targets.items():
        orders.loc[date] = [target.get(s, 0.0) for s in prices.columns]
    portfolio = vbt.Portfolio.from_orders(
        prices, orders, size_type="targetpercent", group_by=True, cash_sharing=True,
        call_seq="auto", init_cash=1e6, fees=fees, freq="D")
    return portfolio.value()


def period_ends(dates, code):
    nexts = list(dates[1:]) + [dates[-1] + pd.offsets.BDay()]
    return [a for a, b in zip(dates, nexts) if pd.Period(a, code) != pd.Period(b, code)]


def main():
    prices = make()
    out = {}

    def keep(name, start, values):
        values = values.loc[start:]
        out[name] = {"start": str(start.date()), "nav": values.tolist()}
        print(f"{name:28} {start.date()} {values.iloc[-1]:.6f}")

    quarters, months = period_ends(prices.index, "Q"), period_ends(prices.index, "M")
    # bt: everything at the close of the day that decides.
    on_quarters = bt.algos.RunOnDate(*quarters)
    equal = [on_quarters, bt.algos.SelectAll(), bt.algos.WeighEqually(), bt.algos.Rebalance()]
    keep("bt_equal_quarterly", quarters[0], in_bt(prices, "equal", equal))
    # The threshold is asked of the weights that the algo before it has set.
    fixed = [bt.algos.SelectThese(["AAA", "BBB"]), bt.algos.WeighSpecified(AAA=0.6, BBB=0.4),
             bt.algos.Or([bt.algos.RunOnce(), bt.algos.RunIfOutOfBounds(0.1)]),
             bt.algos.Rebalance()]
    keep("bt_sixty_forty", prices.index[0], in_bt(prices, "fixed", fixed))
    # vectorbt: at the close after it, sized there; a part stays in cash, so that fees need no other money.
    after = dict(zip(prices.index, prices.index[1:]))
    shares = {s: 0.18 for s in prices.columns}
    targets = {after[d]: shares for d in quarters if d in after}
    keep("vectorbt_equal_with_fees", quarters[0], in_vectorbt(prices, targets, 0.001))
    # Long the two that rose most over 63 days, short the two that rose least, at the close of the day.
    sides = {}
    for date in months:
        score = (prices / prices.shift(63) - 1).loc[date]
        if score.isna().any():
            continue
        order = score.sort_values(ascending=False).index
        sides[date] = {**{s: 0.4 for s in order[:2]}, **{s: -0.4 for s in order[-2:]}}
    keep("vectorbt_long_short", min(sides), in_vectorbt(prices, sides))
    (HERE / "peers.json").write_text(json.dumps(out, indent=0) + "\n")


if __name__ == "__main__":
    main()
