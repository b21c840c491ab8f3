"""Factor portfolios of `us_pystock` beside Ken French's daily factors.

    python3 check.py FOLDER decile

FOLDER holds the data as docs/validation/markets/README.md arranges them. Needs pandas.
"""

import pathlib
import subprocess
import sys
import tempfile

import pandas as pd

FOLDER, DECILE = pathlib.Path(sys.argv[1]), sys.argv[2]
MARKET = pathlib.Path(__file__).parent.parent / "markets" / "us_pystock"
LIQUID = "over: market_cap > 500 million and close > 5"
VALUE = "book_equity / market_cap"
FACTORS = {
    "HML": f"spread({VALUE}, weight: market_cap, within: half(market_cap), {LIQUID})",
    "SMB": f"spread(-market_cap, top: 50%, bottom: 50%, weight: market_cap, within: cut(rank({VALUE}), [0.3, 0.7]), {LIQUID})",
    "Mom": f"spread(momentum, weight: market_cap, within: half(market_cap), {LIQUID})",
}
PERIODS = [("2015-04-01", "2015-12-31"), ("2016-01-01", "2016-06-30"), ("2016-07-01", "2017-03-31")]


def french(name):
    table = pd.read_csv(FOLDER / "fama_french" / name)
    table.columns = ["date", *(c.strip() for c in table.columns[1:])]
    dates = pd.to_datetime(table["date"].astype(str).str.strip(), format="%Y%m%d", errors="coerce")
    return table.drop(columns="date").apply(pd.to_numeric, errors="coerce").set_index(dates) / 100


published = french("F-F_Research_Data_5_Factors_2x3_daily.csv.gz").join(
    french("F-F_Momentum_Factor_daily.csv.gz")
)
with tempfile.TemporaryDirectory() as folder:
    store = f"{folder}/market"
    subprocess.run([DECILE, "import", MARKET, "--data-root", FOLDER, "--to", store],
                   check=True, capture_output=True)
    print("factor  from        days  correlation  deviation a day, ours and French (bps)")
    for name, expression in FACTORS.items():
        out = f"{folder}/{name}.csv"
        subprocess.run([DECILE, "eval", "-e", expression, "--data", store, "--out", out],
                       check=True, capture_output=True)
        ours = pd.read_csv(out, index_col=0, parse_dates=True).iloc[:, 0]
        both = pd.concat([ours, published[name]], axis=1, join="inner").dropna()
        for first, last in PERIODS:
            part = both[first:last]
            if len(part) > 20:
                deviation = part.std() * 1e4
                print(f"{name:7} {first}  {len(part):4}  {part.corr().iloc[0, 1]:11.3f}"
                      f"  {deviation.iloc[0]:6.1f} {deviation.iloc[1]:6.1f}")
