"""Returns through renames, splits and dividends, against the factor files of QuantConnect's Lean sample.

    python3 check.py ARCHIVE DECILE     (pandas 2; the archive of `corporate_actions_lean`, the program)

Lean keeps raw bars under the ticker of the day, map files (which ticker a company had until when) and factor files
(by what raw prices are multiplied up to a date). The script writes the bars, renames, splits and dividends as tables with
a `market.toml`, has Decile evaluate returns, and compares them with those of bars times factors.
"""

import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

FAR = pd.Timestamp("2050-12-31")
CATALOG = """
[prices]
file = "prices.csv"
basis = "raw"
[renames]
file = "renames.csv"
old = "old"
new = "new"
date = "date"
[splits]
file = "splits.csv"
ratio = "ratio"
[dividends]
file = "dividends.csv"
amount = "amount"
"""


def read(archive):
    """The bars by ticker, the map files and the factor files by company."""
    bars, maps, factors = {}, {}, {}
    with zipfile.ZipFile(archive) as outer:
        for name in outer.namelist():
            path = Path(name)
            if path.parent.name == "daily" and path.suffix == ".zip":
                inner = zipfile.ZipFile(io.BytesIO(outer.read(name)))
                table = pd.read_csv(inner.open(inner.namelist()[0]), header=None)
                table[0] = pd.to_datetime(table[0].str[:8])
                table[[1, 2, 3, 4]] /= 10_000
                bars[path.stem] = table.set_index(0)
            elif path.parent.name == "map_files":
                table = pd.read_csv(io.BytesIO(outer.read(name)), header=None, usecols=[0, 1])
                maps[path.stem] = [(pd.Timestamp(str(d)), t) for d, t in table.values]
            elif path.parent.name == "factor_files":
                table = pd.read_csv(io.BytesIO(outer.read(name)), header=None)
                table[0] = pd.to_datetime(table[0].astype(str))
                factors[path.stem] = table
    return bars, maps, factors


def history(company, bars, maps):
    """The raw bars of a company through its tickers."""
    parts, start = [], pd.Timestamp.min
    for until, ticker in maps[company]:
        if ticker in bars:
            part = bars[ticker]
            parts.append(part[(part.index > start) & (part.index <= until)])
        start = max(start, until)
    return pd.concat(parts) if parts else pd.DataFrame()


def ticker_on(company, maps, day):
    return next((t for until, t in maps[company] if day <= until), None)


def main(archive, program):
    bars, maps, factors = read(archive)
    companies = [c for c in factors if c in maps and len(history(c, bars, maps)) > 1]
    renames, splits, dividends, expected = [], [], [], {}
    for company, list_ in maps.items():
        for (until, old), (later, new) in zip(list_, list_[1:]):
            if new != old:
                renames.append((old, new, until + pd.Timedelta(days=1)))
        until, last = list_[-1]
        if until < FAR:
            renames.append((last, "", until + pd.Timedelta(days=1)))
    for company in companies:
        bar, table = history(company, bars, maps), factors[company]
        at = lambda days, column: table[column].to_numpy()[np.searchsorted(table[0], days)]
        factor = pd.Series(at(bar.index, 1) * at(bar.index, 2), bar.index)
        adjusted = bar[4] * factor
        expected[company] = (adjusted / adjusted.shift() - 1).iloc[1:]
        for i in range(len(table) - 1):
            day, price, split, reference = table.iloc[i]
            later = table.iloc[i + 1]
            ex = bar.index[bar.index > day]
            if not (bar.index <= day).any() or ex.empty:
                continue
            ratio = later[2] / split
            ticker = ticker_on(company, maps, ex[0])
            if abs(ratio - 1) > 1e-9:
                splits.append((ticker, ex[0], ratio))
            last = bar[4][bar.index <= day].iloc[-1]
            amount = last * (1 - price / later[1])
            if amount > 0:
                dividends.append((ticker, ex[0], amount / ratio))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "market.toml").write_text(CATALOG)
        rows = [t[[1, 2, 3, 4, 5]].assign(symbol=s) for s, t in bars.items()]
        prices = pd.concat(rows).reset_index()
        prices.columns = ["date", "open", "high", "low", "close", "volume", "symbol"]
        prices.to_csv(folder / "prices.csv", index=False)
        for name, values, columns in [
            ("renames", renames, ["old", "new", "date"]),
            ("splits", splits, ["symbol", "date", "ratio"]),
            ("dividends", dividends, ["symbol", "date", "amount"]),
        ]:
            pd.DataFrame(values, columns=columns).to_csv(folder / f"{name}.csv", index=False)
        found = {}
        for name, expression in [
            ("Lean's", "close / (lag(close) - dividend) - 1"),
            ("total", "return(1)"),
        ]:
            out = folder / "out.csv"
            command = [program, "eval", "-e", expression, "--data", folder / "market.toml", "--out", out]
            subprocess.run(command, check=True, capture_output=True)
            table = pd.read_csv(out, parse_dates=["date"])
            found[name] = table.pivot(index="date", columns="symbol", values=table.columns[2])
    print(f"{len(companies)} companies, {len(renames)} renames and ends, {len(splits)} splits, {len(dividends)} dividends")
    print("company  symbol             days  greatest difference: as Lean adjusts   of total return")
    for company in sorted(companies):
        last = maps[company][-1]
        symbol = last[1] if last[0] >= FAR else f"{last[1]}~{last[0].date()}"
        wanted = expected[company]
        differences = []
        for name in found:
            ours = found[name].get(symbol)
            ours = ours.reindex(wanted.index) if ours is not None else wanted * np.nan
            # Across a gap in the bars there is no return of one day.
            both = ours.notna()
            differences.append((ours - wanted)[both].abs().max())
        print(f"{company:8} {symbol:16} {both.sum():6} {differences[0]:37.1e} {differences[1]:17.1e}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
