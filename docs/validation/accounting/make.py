"""A market with everything that happens to a book, strategies on it, and what they must come to.

    python make.py          # pandas and numpy; writes market/ and reference.json

The market is made up: as-traded prices of ten assets over three years, with splits, dividends, two delistings, days
without a price, and volumes. The books below are kept the plain way, a dictionary of shares and a number for cash, by
nothing that the program has; `tests/accounting.rs` runs `strategies/*.decile` on the same files and compares the net
asset value of each day, cash, and each cause of a change of value.
"""

import json
import math
import pathlib

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent
ROWS_PER_YEAR = 252

# ---------------------------------------------------------------- the market


def make_market():
    rng = np.random.default_rng(20261121)
    dates = pd.bdate_range("2018-01-01", "2020-12-31")
    symbols = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH", "III", "JJJ"]
    n, m = len(dates), len(symbols)
    drift = rng.uniform(-0.0002, 0.0008, m)
    returns = drift + rng.normal(0, 1, (n, m)) * rng.uniform(0.008, 0.025, m)
    value = rng.uniform(20, 120, m) * np.exp(np.cumsum(returns, axis=0))
    splits = [
        ("BBB", "2018-08-15", 2.0),
        ("CCC", "2019-03-29", 3.0),
        # The day between the decision of a month's end and its trade.
        ("EEE", "2019-10-01", 0.5),
        ("FFF", "2020-06-10", 1.5),
        ("BBB", "2020-08-31", 4.0),
    ]
    dividends = []
    for s, symbol in enumerate(symbols):
        if symbol in ("DDD", "HHH"):
            continue
        for day in range(20 + 5 * s, n, 63):
            dividends.append((symbol, dates[day], round(float(rng.uniform(0.05, 0.9)), 2)))
    # One on the day of a split, in the new shares; one on a trade day.
    dividends.append(("CCC", pd.Timestamp("2019-03-29"), 0.25))
    dividends.append(("EEE", pd.Timestamp("2019-07-01"), 0.4))
    dividends = [d for d in dividends if d[1].weekday() < 5]
    close = value.copy()
    for symbol, date, ratio in splits:
        at = dates.get_indexer([pd.Timestamp(date)])[0]
        close[at:, symbols.index(symbol)] /= ratio
    close = np.round(close, 2)
    opening = np.round(close * (1 + rng.normal(0, 0.004, (n, m))), 2)
    volume = np.round(rng.lognormal(9, 0.6, (n, m)))
    # No price: a day here and there, and a week that holds a rebalance.
    missing = rng.random((n, m)) < 0.004
    missing[dates.get_indexer([pd.Timestamp("2019-12-30")])[0]:][:5, 6] = True
    missing[0] = False
    gone = {"III": "2019-05-14", "JJJ": "2020-02-20"}
    for symbol, date in gone.items():
        missing[dates.get_indexer([pd.Timestamp(date)])[0] + 1:, symbols.index(symbol)] = True
    delistings = [("III", "2019-05-14", -0.35)]
    frames = []
    for s, symbol in enumerate(symbols):
        rows = ~missing[:, s]
        frames.append(pd.DataFrame({
            "symbol": symbol,
            "date": dates[rows].strftime("%Y-%m-%d"),
            "open": opening[rows, s],
            "close": close[rows, s],
            "volume": volume[rows, s].astype(int),
        }))
    folder = HERE / "market"
    folder.mkdir(exist_ok=True)
    pd.concat(frames).to_csv(folder / "prices.csv", index=False)
    pd.DataFrame(splits, columns=["symbol", "date", "ratio"]).to_csv(
        folder / "splits.csv", index=False)
    paid = pd.DataFrame(dividends, columns=["symbol", "date", "amount"])
    paid["date"] = paid["date"].dt.strftime("%Y-%m-%d")
    paid.to_csv(folder / "dividends.csv", index=False)
    pd.DataFrame(delistings, columns=["symbol", "date", "outcome"]).to_csv(
        folder / "delistings.csv", index=False)


class Market:
    """The files, read again: nothing that is not in them is used."""

    def __init__(self):
        folder = HERE / "market"
        prices = pd.read_csv(folder / "prices.csv", parse_dates=["date"])
        pivot = lambda column: prices.pivot(index="date", columns="symbol", values=column)
        self.close, self.open, self.volume = pivot("close"), pivot("open"), pivot("volume")
        self.dates, self.symbols = self.close.index, list(self.close.columns)
        self.splits, self.dividends = {}, {}
        for row in pd.read_csv(folder / "splits.csv", parse_dates=["date"]).itertuples():
            self.splits[(row.symbol, row.date)] = row.ratio
        for row in pd.read_csv(folder / "dividends.csv", parse_dates=["date"]).itertuples():
            key = (row.symbol, row.date)
            self.dividends[key] = self.dividends.get(key, 0.0) + row.amount
        self.outcomes = {
            row.symbol: row.outcome for row in pd.read_csv(folder / "delistings.csv").itertuples()
        }
        self.last = {s: self.close[s].last_valid_index() for s in self.symbols}
        # Total returns, for volatility and scores: what a share brings over its own days.
        index = {}
        for s in self.symbols:
            level, before, series = 1.0, None, {}
            shares, money = 1.0, 0.0
            for date in self.dates:
                ratio = self.splits.get((s, date), 1.0)
                shares, money = shares * ratio, money
                money += shares * self.dividends.get((s, date), 0.0)
                price = self.close.at[date, s]
                if math.isnan(price):
                    continue
                if before is not None:
                    level *= (shares * price + money) / before
                before, shares, money = price, 1.0, 0.0
                series[date] = level
            index[s] = pd.Series(series)
        self.index = pd.DataFrame(index).reindex(self.dates)


# ------------------------------------------------------------------ the book


class Book:
    """A fund's book. A decision is made after the close of a day, in shares; it is traded on the next, sales first, and
    all purchases shrink by one factor where cash is short."""

    def __init__(self, market, *, capital=1e6, fee=0.0, per_share=0.0, least=0.0, slippage=0.0,
                 impact=0.0, borrow=0.0, rate=0.0, at="close", lot=None, over=1, volume_cap=None,
                 delisting=0.0, credit=0.0, worth=0.0):
        self.m, self.cash, self.shares, self.price = market, capital, {}, {}
        self.fee, self.per_share, self.least, self.slippage = fee, per_share, least, slippage
        self.impact, self.borrow, self.rate, self.at = impact, borrow, rate, at
        self.lot, self.over, self.volume_cap, self.delisting = lot, over, volume_cap, delisting
        self.credit, self.worth = credit, worth
        self.orders = {}
        self.growth, self.peak, self.entered, self.due = {}, {}, {}, {}
        self.causes = dict.fromkeys(
            ["price", "dividend", "delisting", "interest", "margin", "borrow", "fee",
             "commission", "slippage", "impact"], 0.0)
        self.history, self.decided = [], []
        self.day = 0

    def value(self, s):
        return self.shares[s] * self.price[s]

    def nav(self):
        return self.cash + sum(self.value(s) for s in self.shares)

    def weights(self):
        nav = self.nav()
        return {s: self.value(s) / nav for s in self.shares}

    def book(self, cause, money):
        self.causes[cause] += money

    def begin(self, day):
        """All that happens before anything is traded."""
        self.day = day
        date, before = self.m.dates[day], self.m.dates[day - 1]
        interest = self.cash * self.rate / ROWS_PER_YEAR
        self.book("interest" if self.cash >= 0 else "margin", interest)
        self.cash += interest
        years = (date - before).days / 365
        for s in self.shares:
            if self.shares[s] < 0:
                fee = self.value(s) * self.borrow * years
                self.cash += fee
                self.book("borrow", fee)
        for s in self.m.symbols:
            ratio = self.m.splits.get((s, date), 1.0)
            if s in self.orders:
                wanted, decided, left = self.orders[s]
                self.orders[s] = (wanted * ratio, decided, left)
            if s in self.shares:
                self.shares[s] *= ratio
                self.price[s] /= ratio
                self.due[s] /= ratio
                paid = self.m.dividends.get((s, date), 0.0)
                money = self.shares[s] * paid
                self.cash += money
                self.book("dividend", money)
                # The price is without it from here on.
                self.price[s] -= paid
                self.due[s] += paid
                self.book("price", -money)
        for s in list(self.shares):
            if self.m.last[s] < date and self.m.last[s] < self.m.dates[-1]:
                value = self.value(s)
                outcome = self.m.outcomes.get(s, self.delisting)
                self.cash += value * (1 + outcome)
                self.book("delisting", value * outcome)
                del self.shares[s]
                self.orders.pop(s, None)

    def mark(self, prices):
        for s in self.shares:
            now = prices[s]
            if not math.isnan(now):
                self.to(s, now)

    def to(self, s, now):
        self.book("price", self.shares[s] * (now - self.price[s]))
        change = (now - self.price[s] + self.due[s]) / (self.price[s] + self.due[s])
        self.growth[s] *= 1 + (change if self.shares[s] > 0 else -change)
        self.peak[s] = max(self.peak[s], self.growth[s])
        self.price[s], self.due[s] = now, 0.0

    def charges(self, s, shares, price, decided):
        value, shares = abs(shares) * price, abs(shares)
        if value == 0:
            return {}
        out = {"fee": value * self.fee, "slippage": value * self.slippage,
               "commission": max(shares * self.per_share, self.least)}
        if self.impact:
            returns = self.m.index[s].iloc[:decided + 1].dropna()
            past = self.m.index[s].iloc[decided - 20:decided + 1]
            returns = past / past.shift(1) - 1
            window = returns.iloc[1:]
            traded = (self.m.close[s] * self.m.volume[s]).iloc[decided - 19:decided + 1]
            if window.count() >= 15 and traded.count() >= 15:
                share = self.impact * window.std() * math.sqrt(value / traded.mean())
                out["impact"] = value * share
        return out

    def trade(self, prices):
        """Fills what has a price."""
        sales, purchases, keep = [], [], {}
        date = self.m.dates[self.day]
        for s in sorted(self.orders):
            wanted, decided, left = self.orders[s]
            price = prices[s]
            if math.isnan(price):
                keep[s] = self.orders[s]
                continue
            held = self.shares.get(s, 0.0)
            after, done = wanted, True
            if left > 1:
                after, done = held + (wanted - held) / left, False
                keep[s] = (wanted, decided, left - 1)
            if self.volume_cap is not None:
                volume = self.m.volume.at[date, s] * self.m.close.at[date, s]
                most = 0.0 if math.isnan(volume) else self.volume_cap * volume
                if abs(after - held) * price > most:
                    after, done = held + math.copysign(most / price, wanted - held), False
                    keep[s] = (wanted, decided, max(left - 1, 1))
            if self.lot and after != 0:
                after = math.trunc(after / self.lot * (1 + 1e-12)) * self.lot
                if (after - held) * (wanted - held) <= 0:
                    after = held
            if abs(after - held) > 1e-12 * max(abs(after), abs(held)):
                (sales if after < held else purchases).append((s, held, after, price, decided))
        self.orders = keep
        nav = self.nav()
        for s, held, after, price, decided in sales:
            self.fill(s, held, after, price, decided)
        available = max(self.cash + self.credit * nav, 0.0)

        def part(held, after, share):
            bought = (after - held) * share
            if self.lot:
                whole = math.floor((held + bought) / self.lot * (1 + 1e-12)) * self.lot
                bought = max(whole - held, 0.0)
            return bought

        def due(share):
            total = 0.0
            for s, held, after, price, decided in purchases:
                bought = part(held, after, share)
                total += bought * price + sum(self.charges(s, bought, price, decided).values())
            return total

        share = 1.0
        if due(1.0) > available:
            low, high = 0.0, 1.0
            for _ in range(200):
                middle = (low + high) / 2
                low, high = (middle, high) if due(middle) <= available else (low, middle)
            share = low
        for s, held, after, price, decided in purchases:
            bought = part(held, after, share)
            if bought > 0:
                self.fill(s, held, held + bought, price, decided)

    def fill(self, s, held, after, price, decided):
        if s in self.shares:
            self.to(s, price)
        for cause, paid in self.charges(s, after - held, price, decided).items():
            self.cash -= paid
            self.book(cause, -paid)
        self.cash -= (after - held) * price
        if s not in self.shares or held * after <= 0:
            self.growth[s], self.peak[s], self.entered[s] = 1.0, 1.0, self.day
        if after == 0:
            del self.shares[s]
            return
        self.shares[s], self.price[s] = after, price
        self.due.setdefault(s, 0.0)
        self.due[s] = 0.0

    def decide(self, target, exits=()):
        """Orders to hold these shares of the net asset value; they replace those that wait."""
        nav, close = self.nav(), self.m.close.iloc[:self.day + 1].ffill().iloc[-1]
        weights = self.weights()
        orders = {s: (0.0, self.day, self.over) for s in self.shares if s not in target}
        for s, weight in target.items():
            if abs(weight - weights.get(s, 0.0)) > self.worth:
                orders[s] = (weight * nav / close[s], self.day, self.over)
        self.orders = orders
        self.decided.append(self.day)

    def leave(self, s):
        if self.orders.get(s, (None,))[0] != 0.0:
            self.orders[s] = (0.0, self.day, self.over)

    def run(self, start, policy):
        """From the first decision on; `policy(book, day, is_first)` decides after each close."""
        self.day = start
        self.start = start
        policy(self, start, True)
        self.history.append((self.nav(), self.cash))
        for day in range(start + 1, len(self.m.dates)):
            self.begin(day)
            close = self.m.close.iloc[day]
            if self.at == "open" and self.orders:
                opening = self.m.open.iloc[day]
                self.mark(opening)
                self.trade(opening)
            self.mark(close)
            if self.at == "close" and self.orders:
                self.trade(close)
            policy(self, day, False)
            self.history.append((self.nav(), self.cash))
        return self


# ------------------------------------------------------------ the strategies


def period_ends(market, code):
    """The days that are the last of their period: the next day of the week lies in another."""
    def following(date):
        date = date + pd.Timedelta(days=1)
        while date.weekday() > 4:
            date += pd.Timedelta(days=1)
        return date
    dates = market.dates
    nexts = list(dates[1:]) + [following(dates[-1])]
    period = lambda d: pd.Period(d, code)
    return {i for i, (a, b) in enumerate(zip(dates, nexts)) if period(a) != period(b)}


def priced(market, day):
    return [s for s in market.symbols if not math.isnan(market.close.at[market.dates[day], s])]


def equal(market, day):
    names = priced(market, day)
    return {s: 1 / len(names) for s in names}


def on_schedule(market, code, target):
    days = period_ends(market, code)

    def policy(book, day, is_first):
        if day in days:
            book.decide(target(book, day))
    return min(days), policy


def momentum(market, day, rows):
    """total return over `rows`, of what has a price at both ends"""
    now, then = market.index.iloc[day], market.index.iloc[day - rows]
    score = now / then - 1
    return score.dropna()


def turnover(book, target):
    weights = book.weights()
    names = set(weights) | set(target)
    moved = sum(abs(target.get(s, 0) - weights.get(s, 0)) for s in names)
    cash = abs(sum(target.values()) - sum(weights.values()))
    return (moved + cash) / 2


def scenarios(market):
    months, quarters = period_ends(market, "M"), period_ends(market, "Q")
    out = {}

    def plain(name, code, target=None, **costs):
        start, policy = on_schedule(market, code, target or (lambda b, d: equal(market, d)))
        out[name] = Book(market, **costs).run(start, policy)

    plain("equal_quarterly", "Q", fee=0.001, rate=0.02, delisting=-0.3)
    plain("open_with_lots", "M", at="open", lot=10, per_share=0.01, least=2.0, slippage=0.0005,
          capital=2e5)
    plain("over_five_days", "Q", over=5, fee=0.0005)
    plain("within_the_volume", "Q", volume_cap=0.05, capital=3e6, fee=0.0005)
    plain("worth_a_trade", "M", worth=0.005, fee=0.001)

    # The impact of the square-root law; the first decision has 21 days of prices.
    days = sorted(d for d in months if d >= 21)
    book = Book(market, impact=0.8, capital=5e6)
    out["impact"] = book.run(
        days[0], lambda b, d, first: b.decide(equal(market, d)) if d in days else None)

    # 60/40: asked after each close once the first portfolio stands.
    def sixty_forty(book, day, is_first):
        target = {"AAA": 0.6, "BBB": 0.4}
        weights = book.weights()
        drift = max(abs(weights.get(s, 0) - target[s]) for s in target)
        if is_first or (book.last_target and drift > 0.05):
            book.decide(target)
        book.last_target = target
    book = Book(market, fee=0.001)
    book.last_target = None
    out["sixty_forty"] = book.run(0, sixty_forty)

    # Long the two that rose most over 63 days, short the two that rose least.
    days = sorted(d for d in months if d >= 63)

    def long_short(book, day, is_first):
        if day not in days:
            return
        score = momentum(market, day, 63)
        order = sorted(score.index, key=lambda s: (-score[s], s not in book.long, s))
        low = sorted(score.index, key=lambda s: (score[s], s not in book.short, s))
        book.long, book.short = order[:2], [s for s in low if s not in order[:2]][:2]
        book.decide({**{s: 0.5 for s in book.long}, **{s: -0.5 for s in book.short}})
    book = Book(market, fee=0.001, borrow=0.03, rate=0.02, delisting=-0.3)
    book.long, book.short = [], []
    out["long_short"] = book.run(days[0], long_short)

    # Stops and a gate.
    def stops(book, day, is_first):
        left = [s for s in book.shares if book.growth[s] - 1 < -0.1
                or book.growth[s] / book.peak[s] - 1 < -0.15]
        if day in months:
            names = [s for s in priced(market, day) if s not in left]
            book.decide({s: 1 / len(names) for s in names})
            return
        for s in left:
            book.leave(s)
    out["stops"] = Book(market, fee=0.001).run(min(months), stops)

    def gated(book, day, is_first):
        if day in months:
            target = equal(market, day)
            if is_first or turnover(book, target) > 0.03:
                book.decide(target)
    out["gated"] = Book(market, fee=0.001).run(min(months), gated)

    # Three sleeves, of which each month renews one; between, each drifts with its total returns.
    days = sorted(d for d in months if d >= 63)
    last = market.index.ffill()

    class Sleeves:
        def __init__(self):
            self.list, self.next = None, 0

    sleeves = Sleeves()

    def tranches(book, day, is_first):
        if day not in days:
            return
        score = momentum(market, day, 63)
        if sleeves.list:
            for sleeve in sleeves.list:
                grown = {s: w * (last.at[market.dates[day], s] / last.at[market.dates[sleeve["day"]], s])
                         for s, w in sleeve["weights"].items()}
                cash = 1 - sum(sleeve["weights"].values())
                total = cash + sum(grown.values())
                sleeve["weights"] = {s: w / total for s, w in grown.items()}
                sleeve["share"] *= total
                sleeve["day"] = day
            total = sum(s["share"] for s in sleeves.list)
            for sleeve in sleeves.list:
                sleeve["share"] /= total
            mine = sleeves.list[sleeves.next]["weights"]
        else:
            mine = {}
        order = sorted(score.index, key=lambda s: (-score[s], s not in mine, s))
        target = {s: 1 / 3 for s in order[:3]}
        if sleeves.list:
            sleeves.list[sleeves.next].update(weights=target, day=day)
            sleeves.next = (sleeves.next + 1) % 3
        else:
            sleeves.list = [{"share": 1 / 3, "weights": dict(target), "day": day} for _ in range(3)]
        close, combined = market.close.iloc[day], {}
        for sleeve in sleeves.list:
            for s, w in sleeve["weights"].items():
                combined[s] = combined.get(s, 0) + sleeve["share"] * w
        book.decide({s: w for s, w in combined.items() if not math.isnan(close[s])})
    out["tranches"] = Book(market, fee=0.001).run(days[0], tranches)
    return out


def main():
    make_market()
    market = Market()
    reference = {}
    for name, book in scenarios(market).items():
        nav = [h[0] for h in book.history]
        change = nav[-1] - nav[0]
        assert abs(change - sum(book.causes.values())) < 1e-6 * nav[-1], name
        reference[name] = {
            "start": str(market.dates[book.start].date()),
            "nav": nav,
            "cash": [h[1] for h in book.history],
            "causes": book.causes,
            "decisions": len(book.decided),
        }
        print(f"{name:20} {book.start:4} {nav[0]:14.2f} {nav[-1]:14.2f} {len(book.decided):4}")
    (HERE / "reference.json").write_text(json.dumps(reference, indent=0) + "\n")


if __name__ == "__main__":
    main()
