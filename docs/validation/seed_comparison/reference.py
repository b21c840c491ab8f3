"""Compute the seed comparison on S&P 500 names from the raw files, in pandas and numpy alone.

    python docs/validation/seed_comparison/reference.py DATA_ROOT

reads the files that `docs/validation/markets/us_sp500/market.toml` names below DATA_ROOT and writes `us_sp500.json`
beside this script. It shares no code with Decile; the definitions are those of the language and of `docs/backtest.md`.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FROM, TO = pd.Timestamp("2013-03-29"), pd.Timestamp("2017-12-29")
NAMES = 50
COST = 0.001
CAPITAL = 1_000_000.0
ROWS_A_YEAR = 252
LAG = pd.Timedelta(days=90)
MAX_AGE = pd.DateOffset(months=18)


def wide(prices, column):
    """Dates × symbols, of float64."""
    return prices.pivot(index="date", columns="symbol", values=column).astype("float64").sort_index()


def read_prices(root):
    prices = pd.read_parquet(root / "us_prices_2005_2020/prices_sp500ever.parquet")
    prices["date"] = pd.to_datetime(prices["date"])
    prices["symbol"] = prices["symbol"].astype(str).str.replace(".", "-", regex=False)
    close, adjusted = wide(prices, "close"), wide(prices, "adj_close")
    count = close.notna().sum(axis=1)
    usual = count.rolling(41, center=True, min_periods=1).median()
    assert (count >= usual / 5).all(), "a date with hardly any prices is no session"
    return close, adjusted


def read_risk_free(root, dates):
    """The yearly rate on each session, as a decimal."""
    table = pd.read_csv(root / "fama_french/F-F_Research_Data_5_Factors_2x3_daily.csv.gz", index_col=0)
    table.index = pd.to_datetime(table.index.astype(str), format="%Y%m%d")
    return (table["RF"] * 2.52).reindex(dates).ffill().fillna(0.0)


def read_benchmark(root, dates):
    table = pd.read_csv(root / "macro/zipline_SPY_benchmark.csv")
    index = pd.to_datetime(table["date"], utc=True).dt.tz_localize(None)
    level = pd.Series(np.cumprod(1.0 + table["return"].to_numpy()), index=index)
    return level.reindex(dates)


def published(root, table):
    """The date of publication of each row, and whether it is known rather than lagged."""
    dates = pd.read_csv(
        root / "us_fundamentals_kaggle_nyse_2012_2016/availability_dates.csv",
        keep_default_na=False,
        usecols=["sym", "PeriodEnding", "captured"],
    )
    dates["symbol"] = dates["sym"].str.replace(".", "-", regex=False)
    dates["period_end"] = pd.to_datetime(dates["PeriodEnding"])
    dates["captured"] = pd.to_datetime(dates["captured"], errors="coerce")
    assert not dates.duplicated(["symbol", "period_end"]).any()
    merged = table.merge(dates[["symbol", "period_end", "captured"]], on=["symbol", "period_end"], how="left")
    known = merged["captured"].notna()
    return merged["captured"].where(known, merged["period_end"] + LAG), known


def as_of(records, dates, symbols):
    """Dates × symbols of the latest fiscal period published before each date, for at most 18 months.

    A record that is older by period than one already known never displaces it, and a blank says nothing.
    """
    records = records.dropna(subset=["value"]).sort_values(["published", "period_end"], kind="stable")
    records = records[records["symbol"].isin(symbols)]
    waiting = list(records[["published", "symbol", "period_end", "value"]].itertuples(index=False))[::-1]
    latest = {}
    panel = pd.DataFrame(np.nan, index=dates, columns=symbols)
    for date in dates:
        while waiting and waiting[-1].published < date:
            record = waiting.pop()
            if record.symbol not in latest or record.period_end >= latest[record.symbol].period_end:
                latest[record.symbol] = record
        usable = {s: r.value for s, r in latest.items() if date <= r.published + MAX_AGE}
        panel.loc[date, list(usable)] = list(usable.values())
    return panel


def read_fundamentals(root):
    folder = root / "us_fundamentals_kaggle_nyse_2012_2016"
    equity = pd.read_csv(folder / "fundamentals.csv.gz", keep_default_na=False, na_values=[""])
    equity = pd.DataFrame(
        {
            "symbol": equity["TickerSymbol"].str.replace(".", "-", regex=False),
            "period_end": pd.to_datetime(equity["PeriodEnding"]),
            "value": equity["TotalEquity"].astype(float),
        }
    )
    shares = pd.read_csv(folder / "shares_split_adjusted.csv", keep_default_na=False, na_values=[""])
    shares = pd.DataFrame(
        {
            "symbol": shares["symbol"].str.replace(".", "-", regex=False),
            "period_end": pd.to_datetime(shares["period_end"]),
            "value": shares["shares_adjusted"].astype(float),
        }
    )
    shares.loc[shares["value"] <= 0, "value"] = np.nan
    for table in (equity, shares):
        table["published"], table["known"] = published(root, table)
    return equity, shares


def read_members(root, dates, symbols):
    spells = pd.read_csv(root / "us_sp500_membership/sp500_ticker_start_end.csv", keep_default_na=False)
    member = pd.DataFrame(False, index=dates, columns=symbols)
    for ticker, start, end in spells[["ticker", "start_date", "end_date"]].itertuples(index=False):
        symbol = ticker.replace(".", "-")
        if symbol in member.columns:
            inside = dates >= pd.Timestamp(start)
            if end:
                inside &= dates < pd.Timestamp(end)
            member.loc[inside, symbol] = True
    return member


def rank01(scores):
    """(r − 1) / (n − 1) with ties at the mean of their ranks."""
    count = scores.notna().sum()
    return (scores.rank(method="average") - 1.0) / (count - 1.0)


def pick(scores, held):
    """The best names: by score, then what is held, then by symbol."""
    scores = scores.dropna()
    order = sorted(scores.index, key=lambda symbol: (-scores[symbol], symbol not in held, symbol))
    return order[:NAMES]


def backtest(scores, decisions, rows, index, rate):
    """Net asset value on each of `rows`, and the picks of each decision.

    Holdings are in units of the total-return index, so that dividends are reinvested.
    """
    symbols = index.columns
    price, valued, rate = index.to_numpy(), index.ffill().to_numpy(), rate.to_numpy()
    last_row = len(index) - 1 - np.argmax(~np.isnan(price[::-1]), axis=0)
    units, target = np.zeros(len(symbols)), np.full(len(symbols), np.nan)
    cash, nav, picks = CAPITAL, [], {}
    first = index.index.get_loc(rows[0])
    for t in range(first, first + len(rows)):
        if t > first:
            cash += cash * rate[t - 1] / ROWS_A_YEAR
            ended = last_row < t
            cash += (units * valued[t - 1])[ended & (units > 0)].sum()
            units[ended], target[ended] = 0.0, np.nan
            ready = ~np.isnan(target) & ~np.isnan(price[t])
            change = np.where(ready, target - units, 0.0)
            value = np.where(ready, change * price[t], 0.0)
            cash -= value[value < 0].sum() * (1.0 - COST)
            wanted = value[value > 0].sum() * (1.0 + COST)
            shrink = min(1.0, cash / wanted) if wanted > 0 else 1.0
            cash -= wanted * shrink
            units += np.where(change > 0, change * shrink, change)
            target[ready] = np.nan
        nav.append(cash + (units * valued[t])[units > 0].sum())
        date = index.index[t]
        if date in decisions:
            picks[date] = pick(scores.loc[date], set(symbols[units > 0]))
            target = np.where(units > 0, 0.0, np.nan)
            chosen = symbols.get_indexer(picks[date])
            target[chosen] = nav[-1] / len(chosen) / price[t, chosen]
    return pd.Series(nav, index=rows), picks


def metrics(nav, rate):
    returns = nav.pct_change().iloc[1:].to_numpy()
    free = rate.loc[nav.index].to_numpy()[:-1] / ROWS_A_YEAR
    years = (nav.index[-1] - nav.index[0]).days / 365.25
    excess = returns - free
    return {
        "annual_return": (nav.iloc[-1] / nav.iloc[0]) ** (1.0 / years) - 1.0,
        "volatility": returns.std(ddof=1) * math.sqrt(ROWS_A_YEAR),
        "max_drawdown": float((nav / nav.cummax() - 1.0).min()),
        "sharpe": excess.mean() / excess.std(ddof=1) * math.sqrt(ROWS_A_YEAR),
    }


def main(root):
    close, index = read_prices(root)
    dates, symbols = close.index, close.columns
    equity, shares = read_fundamentals(root)
    rate = read_risk_free(root, dates)

    quarter = dates.to_period("Q")
    ends = dates[:-1][quarter[:-1] != quarter[1:]]
    ends = ends[(ends >= FROM) & (ends <= TO)]

    at = lambda panel: panel.loc[ends]
    market_cap = as_of(shares, ends, symbols) * at(close)
    book_to_market = as_of(equity, ends, symbols) / market_cap
    momentum = at(index.shift(21) / index.shift(252) - 1.0)
    daily = index / index.shift(1) - 1.0
    volatility = at(daily.rolling(252, min_periods=189).std()) * math.sqrt(ROWS_A_YEAR)

    eligible = at(close).notna() & read_members(root, ends, symbols)
    book_to_market, market_cap = book_to_market.where(eligible), market_cap.where(eligible)
    momentum, volatility = momentum.where(eligible), volatility.where(eligible)
    scores = {
        "value_alone": book_to_market,
        "momentum_alone": momentum,
        "combined": book_to_market.apply(rank01, axis=1) + momentum.apply(rank01, axis=1),
        "low_volatility_alone": -volatility,
        "size_alone": -np.log(market_cap),
    }
    enough = np.all([table.notna().sum(axis=1) >= NAMES for table in scores.values()], axis=0)
    decisions = ends[np.argmax(enough) :]
    rows = dates[(dates >= decisions[0]) & (dates <= TO)]
    benchmark = read_benchmark(root, rows)

    def month_ends(nav):
        last = nav.index.to_series().groupby(nav.index.to_period("M")).last()
        return {str(d.date()): nav[d] for d in last}

    out = {
        "from": str(rows[0].date()),
        "to": str(rows[-1].date()),
        "records": {
            name: {
                "known": int((table["known"] & table["symbol"].isin(symbols)).sum()),
                "all": int(table["symbol"].isin(symbols).sum()),
            }
            for name, table in (("fundamentals", equity), ("shares", shares))
        },
        "eligible": {str(d.date()): int(eligible.loc[d].sum()) for d in decisions},
        "scored": {
            name: {str(d.date()): int(table.loc[d].notna().sum()) for d in decisions} for name, table in scores.items()
        },
        "benchmark": {"metrics": metrics(benchmark, rate), "net_asset_value": month_ends(benchmark / benchmark.iloc[0])},
        "strategies": {},
    }
    for name, table in scores.items():
        nav, picks = backtest(table, set(decisions), rows, index, rate)
        out["strategies"][name] = {
            "metrics": metrics(nav, rate),
            "net_asset_value": month_ends(nav),
            "picked": {str(d.date()): " ".join(sorted(chosen)) for d, chosen in picks.items()},
        }
        print(name, *(f"{k} {v:.6f}" for k, v in out["strategies"][name]["metrics"].items()))
    print("SPY", *(f"{k} {v:.6f}" for k, v in out["benchmark"]["metrics"].items()))
    target = Path(__file__).parent / "us_sp500.json"
    target.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
