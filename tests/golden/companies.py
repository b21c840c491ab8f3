"""Figures of companies and factors, from their written definitions: `python3 companies.py` (numpy 2, pandas 2).

Makes a market of twelve assets over 800 weekdays from 2018 and writes it as companies.prices.npy (closes, and the rates in
the last column) and companies.reports.csv (a line for each filing; a blank says nothing), then companies.json and
companies.npy: figures at every eleventh row from the tenth. A year has 252 rows.

Filings are late, on weekends, restated (the newest period, and an older one after newer ones), skipped, left out in part;
some report years, half-years, or quarters that end on a Saturday; one changes from years to quarters, one goes silent.
What is known on a day is found anew from all the filings before it, whenever there is one more. `mkt`, `smb` and `hml` are made by spread.py's
portfolios.
"""

import json

import numpy as np
import pandas as pd

from spread import HERE, spread

T, N, YEAR = 800, 12, 252
dates = pd.bdate_range("2018-01-01", periods=T)
ROWS = np.arange(10, T, 11)
r = np.random.default_rng(2015)

# Prices.
market = 0.0003 + 0.01 * r.normal(size=(T, 1))
beta = np.linspace(0.4, 1.6, N)
close = 30 * np.exp(np.cumsum(market * beta + 0.015 * r.normal(size=(T, N)), axis=0)) * np.linspace(0.5, 2, N)
close = np.round(close, 2)
close[r.random((T, N)) < 0.01] = np.nan
close[:200, 6] = np.nan   # comes late
close[720:, 4] = np.nan   # is delisted
rate = np.round(np.clip(0.02 + np.cumsum(0.0003 * r.normal(size=T)), 0.001, None), 5)
rate[[77, 78, 400]] = np.nan
np.save(HERE / "companies.prices.npy", np.column_stack([close, rate])[None])

# Filings.
FLOWS = ["revenue", "gross_profit", "ebitda", "net_income", "operating_cash_flow", "capital_expenditure", "dividends"]
STOCKS = ["total_assets", "total_debt", "cash", "book_equity", "current_assets", "current_liabilities", "shares_outstanding"]
FIGURES = FLOWS + STOCKS


def ends(a):
    """The ends of an asset's fiscal periods, and of how many quarters each is."""
    quarters = pd.date_range("2014-03-31", "2020-12-31", freq="QE")
    if a == 2:
        return [(e, 1) for e in pd.date_range("2014-01-31", "2020-12-31", freq="QE-JAN")]
    if a == 7:
        return [(e, 4) for e in quarters if e.month == 12 and e.year < 2018] + [(e, 1) for e in quarters if e.year > 2017]
    if a == 8:
        return [(e, 2) for e in quarters if e.month in (6, 12)]
    if a == 9:
        return [(e, 4) for e in quarters if e.month == 12 and e.year != 2018]
    if a == 10:
        return [(e - pd.Timedelta(days=(e.weekday() - 5) % 7), 1) for e in quarters]
    if a == 11:
        return [(e, 4) for e in pd.date_range("2014-06-30", "2020-06-30", freq="YE-JUN")]
    skipped = {1: ["2017-09-30", "2019-06-30"], 3: ["2016-12-31"]}.get(a, [])
    return [(e, 1) for e in quarters if str(e.date()) not in skipped]


def statement(a, i, quarters):
    """An asset's figures of its i-th period, in whole thousands."""
    scale = 40_000 * (a + 1) * np.exp(0.01 * i * r.normal(1, 1))
    revenue = scale * np.exp(0.1 * r.normal()) * quarters
    gross = revenue * np.clip(0.35 + 0.08 * r.normal(), 0.02, 0.9)
    assets = scale * 5 * np.exp(0.05 * r.normal())
    table = {
        "revenue": revenue,
        "gross_profit": gross,
        "ebitda": gross * 0.5 + 0.05 * revenue * r.normal() - (0.25 * revenue if a == 4 else 0),
        "net_income": gross * 0.2 + 0.06 * revenue * r.normal(),
        "operating_cash_flow": gross * 0.25 + 0.06 * revenue * r.normal(),
        "capital_expenditure": 0.05 * revenue * r.random(),
        "dividends": 0.0 if a % 4 == 1 else 0.02 * revenue,
        "total_assets": assets,
        "total_debt": assets * 0.5 * r.random(),
        "cash": assets * 0.1 * r.random(),
        "book_equity": assets * (0.4 + 0.1 * r.normal()),
        "current_assets": assets * (0.3 + 0.05 * r.normal()),
        "current_liabilities": assets * (0.2 + 0.05 * r.normal()),
        "shares_outstanding": 10_000 * (a + 1) + (0 if a % 3 == 0 else 50 * r.integers(-2, 8)),
    }
    if a == 3 and i % 6 in (2, 3):
        table["book_equity"] = -0.3 * table["book_equity"] if i % 6 == 2 else 0.0
    if a == 0 and i == 20:
        table["revenue"] = 0.0
    if a == 5 and i == 17:
        table["total_assets"] = 0.0
    return {f: float(round(v)) for f, v in table.items()}


filings = []
for a in range(N):
    for i, (end, quarters) in enumerate(ends(a)):
        if a == 5 and end > pd.Timestamp("2018-12-31"):
            continue
        days = int(r.integers(25, 75)) + (80 if r.random() < 0.08 else 0)   # some after the next period's
        published = end + pd.Timedelta(days=days)
        if a == 5 and str(end.date()) == "2018-12-31":
            last = dates[ROWS[60]]                      # known at most to this row of the figures
            published = last - pd.DateOffset(months=18)
        table = statement(a, i, quarters)
        blank = {f for f in FIGURES if r.random() < 0.015}
        filings.append((a, end, published, {f: v for f, v in table.items() if f not in blank}))
        if r.random() < 0.15:                          # a restatement of some figures, weeks or quarters later
            changed = {f: float(round(v * (1 + 0.1 * r.normal()))) for f, v in table.items() if r.random() < 0.6}
            filings.append((a, end, published + pd.Timedelta(days=int(r.integers(1, 250))), changed))
        elif r.random() < 0.05:                        # what was left out follows
            filings.append((a, end, published + pd.Timedelta(days=3), {f: table[f] for f in blank}))
filings = [f for f in filings if f[3] and not (f[0] == 5 and f[2] > dates[ROWS[60]] - pd.DateOffset(months=18))]
lines = [
    ",".join([f"A{a:02}", str(end.date()), str(published.date())] + [f"{t[f]:.0f}" if f in t else "" for f in FIGURES])
    for a, end, published, t in sorted(filings, key=lambda f: (f[2], f[0], f[1]))
]
(HERE / "companies.reports.csv").write_text("\n".join([",".join(["asset", "period_end", "published"] + FIGURES)] + lines) + "\n")

# What is known.
MAX_AGE = pd.DateOffset(months=18)


def versions(figure, a):
    """All the versions of a figure of an asset, in the order in which they are published: [(published, end, value)]."""
    return sorted((published, end, t[figure]) for b, end, published, t in filings if b == a and figure in t)


def known(versions):
    """The periods that some versions tell of, each in the latest: [(end, value, published)], oldest first."""
    periods = {end: (end, value, published) for published, end, value in versions}
    return sorted(periods.values(), key=lambda p: p[0])


def of_each(figure, what):
    """What a function makes of the periods known, and of the row on which the newest came to be known so."""
    out = np.full((T, N), np.nan)
    for a in range(N):
        told = versions(figure, a)
        seen = np.searchsorted([v[0] for v in told], dates, side="left")   # published before the day
        for count in sorted(set(seen) - {0}):
            periods = known(told[:count])
            published = periods[-1][2]
            rows = (seen == count) & (dates <= published + MAX_AGE)
            out[rows, a] = what(periods, np.searchsorted(dates, published, side="right"))
    return pd.DataFrame(out)


def ended(periods, years):
    """The figure of the period that ended so many years before the newest, to within twenty days."""
    wanted = periods[-1][0] - pd.Timedelta(days=365.25 * years)
    near = [(abs(end - wanted), value) for end, value, _ in periods]
    distance, value = min(near, key=lambda n: n[0])
    return value if distance <= pd.Timedelta(days=20) else np.nan


def quarter(f, k=0):
    return of_each(f, lambda p, _: ended(p, k / 4))


def year(f, k=0):
    return of_each(f, lambda p, _: ended(p, k))


def whole_years(periods):
    """The ends that lie over nine months after the end before."""
    return {b[0] for a, b in zip(periods, periods[1:]) if (b[0] - a[0]).days > 274}


def ttm(f, k=0):
    def total(periods, _):
        years = whole_years(periods)
        if periods[-1][0] in years and len(years) > (len(periods) - 1) / 2:
            return ended(periods, k)
        # A year is no quarter.
        quarters = [(end, np.nan if end in years else value, p) for end, value, p in periods]
        return sum(ended(quarters, k + q / 4) for q in range(4))

    return of_each(f, total)


def age(f):
    first = of_each(f, lambda _, row: row)
    return first.rsub(np.arange(T), axis=0)


# Definitions.
C = pd.DataFrame(close)
(revenue, gross, ebitda, income, flow, spent, paid) = FLOWS
(assets, debt, cash, equity, current, due, shares) = STOCKS
latest = {f: quarter(f) for f in FIGURES}
positive = lambda x: x.where(x > 0)
cap = latest[shares] * C
ev = cap + latest[debt] - latest[cash]
yoy = lambda f: latest[f] / positive(year(f, 1)) - 1
growth = lambda f, n: (positive(latest[f]) / positive(year(f, n))) ** (1 / n) - 1
roe = ttm(income) / positive(latest[equity])
finite = lambda x: x.where(np.isfinite(x))


def sign(left, right, compare):
    left, right = finite(left), finite(right)
    return compare(left, right).astype(float).where(left.notna() & right.notna())


A1 = year(assets, 1)
zero = 0 * C.fillna(1.0)
greater, less = np.greater, np.less
piotroski = (
    sign(ttm(income), zero, greater)
    + sign(ttm(flow), zero, greater)
    + sign(ttm(income) / latest[assets], ttm(income, 1) / A1, greater)
    + sign(ttm(flow), ttm(income), greater)
    + sign(latest[debt] / latest[assets], year(debt, 1) / A1, less)
    + sign(latest[current] / latest[due], year(current, 1) / year(due, 1), greater)
    + sign(latest[shares], year(shares, 1), np.less_equal)
    + sign(ttm(gross) / ttm(revenue), ttm(gross, 1) / ttm(revenue, 1), greater)
    + sign(ttm(revenue) / latest[assets], ttm(revenue, 1) / A1, greater)
)


def zscore(x):
    """Over the assets that are priced."""
    x = finite(x).where(C.notna())
    std = x.std(axis=1, ddof=0)
    return x.sub(x.mean(axis=1), axis=0).div(std.where(std > 0), axis=0)


leverage = latest[debt] / latest[assets]
parts = [zscore(ttm(gross) / latest[assets]), zscore(-finite(roe).rolling(2 * YEAR, min_periods=YEAR).std()), zscore(-leverage)]
present = sum(p.notna().astype(int) for p in parts)
quality = (sum(p.fillna(0.0) for p in parts) / present).where(present >= 2)

# Exposures.
free = pd.Series(rate) / YEAR
by_date = lambda x: x.set_axis(dates)
after = dates[-1] + pd.offsets.BDay()
portfolio = lambda x, **how: pd.Series(spread(by_date(x), by_date(C), after=after, weight=by_date(cap), **how))
btm = finite(latest[equity] / cap.shift(YEAR // 2)).where(C.notna())
share = (btm.rank(axis=1) - 1).div(btm.count(axis=1) - 1, axis=0)
thirds = (1 + (share >= 0.3) + (share >= 0.7)).where(share.notna()).astype(float)
priced = cap.where(C.notna())
below, count = priced.rank(axis=1) - 0.5, priced.count(axis=1)
halves = (np.floor((2 * below).div(count, axis=0)) + 1).clip(upper=2)
june = dict(every=12, month=6)
mkt = portfolio(cap, top=1.0, bottom=0.0) - free
smb = portfolio(-cap, top=0.5, bottom=0.5, within=by_date(thirds), **june)
hml = portfolio(latest[equity] / cap.shift(YEAR // 2), within=by_date(halves), **june)
excess = (C / C.shift(1) - 1).sub(free, axis=0)


def regression(on, d, what):
    """What a least-squares fit with a constant gives of the complete rows among the last d; three quarters are needed."""
    out = np.full((T, N), np.nan)
    X = np.column_stack([np.ones(T)] + [np.asarray(x) for x in on])
    for t in ROWS[ROWS >= d]:
        for a in range(N):
            y, x = excess.to_numpy()[t + 1 - d : t + 1, a], X[t + 1 - d : t + 1]
            full = np.isfinite(y) & np.isfinite(x).all(axis=1)
            if full.sum() >= np.ceil(0.75 * d):
                y, x = y[full], x[full]
                b = np.linalg.lstsq(x, y)[0]
                out[t, a] = what(b, y - x @ b, len(y) - x.shape[1])
    return pd.DataFrame(out)


beta60 = regression([mkt], 60, lambda b, *_: b[1])
residual = regression([mkt, smb, hml], 40, lambda b, e, free: np.sqrt(e @ e / free) * np.sqrt(YEAR))

one_a_date = lambda s: pd.DataFrame(np.repeat(np.asarray(s)[:, None], N, axis=1))
exact = {
    "latest(revenue)": latest[revenue],
    "net_income": latest[income],
    "latest(book_equity)": latest[equity],
    "quarter(net_income, 1)": quarter(income, 1),
    "quarter(revenue, 2)": quarter(revenue, 2),
    "quarter(revenue, 6)": quarter(revenue, 6),
    "year(revenue)": year(revenue),
    "year(total_assets, 1)": year(assets, 1),
    "year(book_equity, 3)": year(equity, 3),
    "ttm(revenue)": ttm(revenue),
    "ttm(net_income)": ttm(income),
    "ttm(net_income, 1)": ttm(income, 1),
    "ttm(revenue, 2)": ttm(revenue, 2),
    "age(revenue)": age(revenue),
    "age(`cash`)": age(cash),
    "if new(revenue) then 1 else 0": (age(revenue) == 0).astype(float),
    "if new(book_equity) then 1 else 0": (age(equity) == 0).astype(float),
    "piotroski": piotroski,
}
cases = {
    "market_cap": cap,
    "yoy(revenue)": yoy(revenue),
    "yoy(net_income)": yoy(income),
    "growth": growth(revenue, 3),
    "growth(book_equity, 1)": growth(equity, 1),
    "growth(total_assets, 2)": growth(assets, 2),
    "enterprise_value": ev,
    "earnings_yield": ttm(income) / cap,
    "cash_flow_yield": ttm(flow) / cap,
    "sales_yield": ttm(revenue) / cap,
    "ev_ebitda": ev / positive(ttm(ebitda)),
    "dividend_yield": ttm(paid) / cap,
    "gross_profitability": ttm(gross) / latest[assets],
    "roe": roe,
    "accruals": (ttm(income) - ttm(flow)) / latest[assets],
    "asset_growth": yoy(assets),
    "investment": ttm(spent) / year(assets, 1),
    "share_issuance": np.log(latest[shares] / year(shares, 1)),
    "surprise": (quarter(income) - quarter(income, 4)) / cap,
    "leverage": leverage,
    "value": latest[equity] / cap,
    "size": -np.log(cap),
    "quality": quality,
    "mkt": one_a_date(mkt),
    "smb": one_a_date(smb),
    "hml": one_a_date(hml),
    "market_beta(60)": beta60,
    "low_beta(60)": -beta60,
    "idiosyncratic_volatility(40)": residual,
}
# Differences of nearly equal numbers are measured against those.
near = {"mkt": "0 * close + 0.01", "smb": "0 * close + 0.01", "hml": "0 * close + 0.01", "quality": "0 * close + 1"}
table = [{"expression": e, "exact": True} for e in exact]
table += [{"expression": e, **({"near": near[e]} if e in near else {})} for e in cases]
text = ",\n".join(json.dumps(c) for c in table)
(HERE / "companies.json").write_text(f"[\n{text}\n]\n")
values = [finite(v.astype(float)).to_numpy()[ROWS] for v in (exact | cases).values()]
np.save(HERE / "companies.npy", np.stack(values))
for e, v in zip(exact | cases, values):
    print(f"{e:40} {np.isfinite(v).mean():5.2f} present, {len(np.unique(v[np.isfinite(v)])):4} values")
