"""Covariances and portfolios by scikit-learn, pandas, PyPortfolioOpt, skfolio, Riskfolio-Lib and cvxpy:
`python3 construction.py`.

Inputs: prices and volumes of twelve assets in three sectors, and of each a yearly expected return, a number `x` and a
market value.
Each case is the clauses of a strategy, the weights that it must have at its decision on row 130 (or on row 135, where
it says so), and what tells how near they must be.
"""

import json
from pathlib import Path

import cvxpy as cp
import numpy as np
import pandas as pd
import riskfolio as rp
from pypfopt.risk_models import CovarianceShrinkage
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist
from sklearn.covariance import LedoitWolf
from skfolio import RiskMeasure
from skfolio.moments import EmpiricalCovariance
from skfolio.optimization import MaximumDiversification, MeanRisk, ObjectiveFunction, RiskBudgeting
from skfolio.prior import EmpiricalPrior

HERE = Path(__file__).parent
ROWS, ASSETS, WINDOW, AT, YEAR = 140, 12, 120, 130, 252
random = np.random.default_rng(7)
loadings = random.normal(0.8, 0.4, (ASSETS, 2))
moves = random.normal(0.0003, 0.009, (ROWS, 2)) @ loadings.T
own = random.normal(0, 1, (ROWS, ASSETS)) * np.linspace(0.006, 0.02, ASSETS)
close = 50 * np.exp(np.cumsum(moves + own, axis=0))
expected = random.uniform(0.02, 0.15, ASSETS)
x = random.normal(0, 1, ASSETS)
value = random.uniform(1, 20, ASSETS)
sector = np.arange(ASSETS) % 3
volume = np.round(random.uniform(5_000, 60_000, (ROWS, ASSETS)))
inputs = np.stack([close] + [np.tile(v, (ROWS, 1)) for v in (expected, x, value)] + [volume])
np.save(HERE / "construction.inputs.npy", inputs)

frame = pd.DataFrame(close).pct_change().iloc[AT - WINDOW + 1 : AT + 1]
returns = frame.to_numpy()


def ewma(halflife):
    cov = frame.ewm(halflife=halflife).cov()
    return cov.iloc[-ASSETS:].to_numpy()


def factor(k, of=returns):
    sample = np.cov(of.T)
    values, vectors = np.linalg.eigh(sample)
    low = vectors[:, -k:] @ np.diag(values[-k:]) @ vectors[:, -k:].T
    return low + np.diag(np.diag(sample - low))


def constant_correlation(of):
    """Ledoit and Wolf (2004), Honey, I shrunk the sample covariance matrix, appendices A and B, element by element."""
    t, n = of.shape
    y = of - of.mean(axis=0)
    s = y.T @ y / t
    deviation = np.sqrt(np.diag(s))
    r = s / np.outer(deviation, deviation)
    mean = (r.sum() - n) / (n * (n - 1))
    target = mean * np.outer(deviation, deviation)
    np.fill_diagonal(target, np.diag(s))
    pi = sum((np.outer(row, row) - s) ** 2 for row in y) / t
    rho = np.trace(pi)
    for i in range(n):
        for j in range(n):
            if i != j:
                both = y[:, i] * y[:, j] - s[i, j]
                first = ((y[:, i] ** 2 - s[i, i]) * both).mean()
                second = ((y[:, j] ** 2 - s[j, j]) * both).mean()
                ratio = deviation[j] / deviation[i]
                rho += mean / 2 * (ratio * first + second / ratio)
    gamma = ((target - s) ** 2).sum()
    shrinkage = max(0, min(1, (pi.sum() - rho) / gamma / t))
    # PyPortfolioOpt divides its sample covariance by t - 1 but its moments by t.
    other = CovarianceShrinkage(pd.DataFrame(of), returns_data=True, frequency=1)
    other.ledoit_wolf("constant_correlation")
    assert abs(other.delta - shrinkage) < 2 / t, (other.delta, shrinkage)
    return shrinkage * target + (1 - shrinkage) * s


covariances = {
    "sample": np.cov(returns.T),
    "ledoit_wolf": LedoitWolf().fit(returns).covariance_,
    "ledoit_wolf(constant_correlation)": constant_correlation(returns),
    "ewma(30d)": ewma(30),
    "factor(3)": factor(3),
}
# Fewer rows than assets.
few = returns[-9:]
short = {
    "sample": np.cov(few.T),
    "ledoit_wolf": LedoitWolf().fit(few).covariance_,
    "ledoit_wolf(constant_correlation)": constant_correlation(few),
    "factor(3)": factor(3, few),
}
S = covariances["sample"] * YEAR
cases = []
TIGHT = dict(solver=cp.CLARABEL, tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13)


def solve(objective, constraints):
    problem = cp.Problem(objective, constraints)
    problem.solve(**TIGHT)
    return problem


def add(clauses, weights, objective=None, row=AT):
    case = {"clauses": clauses, "weights": [float(w) for w in weights], "row": row}
    if objective is not None:
        case["objective"] = objective
    cases.append(case)


def root(c):
    values, vectors = np.linalg.eigh(c)
    return vectors @ np.diag(np.sqrt(np.maximum(values, 0)))


def least_variance(c, more=lambda w: [], budget=1.0):
    w = cp.Variable(ASSETS)
    solve(cp.Minimize(cp.sum_squares(root(c).T @ w) * 100), [cp.sum(w) == budget, w >= 0] + more(w))
    return w.value


def method(name):
    return f"weight min_variance(window: 120d, covariance: {name})"


SAMPLE = "window: 120d, covariance: sample"
for name, c in covariances.items():
    add(method(name), least_variance(c * YEAR))
in_sector = [(sector == s).astype(float) for s in range(3)]
add(method("sample") + " cap position 15%", least_variance(S, lambda w: [w <= 0.15]))
add(
    method("factor(3)") + " cap position 20% cap sector 40% floor sector 25%",
    least_variance(
        covariances["factor(3)"] * YEAR,
        lambda w: [w <= 0.2] + [g @ w <= 0.4 for g in in_sector] + [g @ w >= 0.25 for g in in_sector],
    ),
)
add(method("sample") + " limit x between 0.3 and 0.5", least_variance(S, lambda w: [x @ w >= 0.3, x @ w <= 0.5]))
benchmark = value / value.sum()
add(
    method("sample") + " benchmark market_cap cap sector 3% active cap position 2% active",
    least_variance(
        S,
        lambda w: [w <= benchmark + 0.02] + [g @ w <= g @ benchmark + 0.03 for g in in_sector],
    ),
)

w = cp.Variable(ASSETS)
solve(cp.Maximize(expected @ w - 2.5 * cp.sum_squares(root(S).T @ w)), [cp.sum(w) == 1, w >= 0])
add(f"weight mean_variance(risk_aversion: 5, expected: expected, {SAMPLE})", w.value)
solve(
    cp.Maximize(expected @ w - 2.5 * cp.sum_squares(root(S).T @ w)),
    [cp.sum(w) == 1, w >= 0, cp.norm(root(S).T @ w) <= 0.13],
)
add(
    f"weight mean_variance(risk_aversion: 5, expected: expected, {SAMPLE}) limit volatility 13%",
    w.value,
)
gap = root(S).T @ (w - benchmark)
solve(cp.Maximize(expected @ w - 0.5 * cp.sum_squares(root(S).T @ w)), [cp.sum(w) == 1, w >= 0, cp.norm(gap) <= 0.02])
add(
    "benchmark market_cap limit tracking_error 2% "
    f"weight mean_variance(risk_aversion: 1, expected: expected, {SAMPLE})",
    w.value,
)
y = cp.Variable(ASSETS)
solve(cp.Minimize(cp.sum_squares(root(S).T @ y)), [expected @ y == 1, y >= 0])
add(f"weight max_sharpe(expected: expected, {SAMPLE})", y.value / y.value.sum())
sharpe = y.value / y.value.sum()
cap = y - 0.2 * cp.sum(y)
solve(cp.Minimize(cp.sum_squares(root(S).T @ y)), [(expected - 0.01) @ y == 1, y >= 0, cap <= 0])
add(f"weight max_sharpe(expected: expected, {SAMPLE}) cash 1% cap position 20%", y.value / y.value.sum())
solve(cp.Minimize(cp.sum_squares(root(S).T @ y)), [np.sqrt(np.diag(S)) @ y == 1, y >= 0])
add(f"weight max_diversification({SAMPLE})", y.value / y.value.sum())
diversified = y.value / y.value.sum()

# Risk parity: the minimum of ½yᵀSy − Σ ln(y)/n by Newton's method.
y = np.ones(ASSETS) / np.sqrt(np.diag(S).sum())
for _ in range(200):
    gradient = S @ y - 1 / (ASSETS * y)
    step = np.linalg.solve(S + np.diag(1 / (ASSETS * y**2)), gradient)
    size = 1.0
    while np.any(y - size * step <= 0):
        size /= 2
    y = y - size * step
parity = y / y.sum()
shares = parity * (S @ parity) / (parity @ S @ parity)
assert np.allclose(shares, 1 / ASSETS, atol=1e-12)
add(f"weight risk_parity({SAMPLE})", parity)
# With caps that bind: the least of ln σ − Σ ln(w)/n, in the convex form with a common factor.
y, k = cp.Variable(ASSETS), cp.Variable()
solve(
    cp.Minimize(0.5 * cp.sum_squares(root(S).T @ y) - cp.sum(cp.log(y)) / ASSETS),
    [cp.sum(y) == k, y <= 0.1 * k],
)
add(f"weight risk_parity({SAMPLE}) cap position 10%", y.value / k.value, objective="near")

# Hierarchical risk parity, after the code of the paper.
correlation = np.corrcoef(returns.T)
link = linkage(pdist(np.sqrt(np.clip((1 - correlation) / 2, 0, 1))), "single")


def leaves(node):
    if node < ASSETS:
        return [int(node)]
    left, right = link[int(node) - ASSETS, :2]
    return leaves(left) + leaves(right)


def cluster(members):
    part = S[np.ix_(members, members)]
    inverse = 1 / np.diag(part)
    inverse /= inverse.sum()
    return inverse @ part @ inverse


hrp = np.ones(ASSETS)
parts = [leaves(2 * ASSETS - 2)]
while parts:
    part = parts.pop()
    if len(part) > 1:
        left, right = part[: len(part) // 2], part[len(part) // 2 :]
        a, b = cluster(left), cluster(right)
        hrp[left] *= 1 - a / (a + b)
        hrp[right] *= a / (a + b)
        parts += [left, right]
add(f"weight hierarchical_risk_parity({SAMPLE})", hrp)

# The mean loss of the worst 10%; not strictly convex, so its value is compared.
w, a = cp.Variable(ASSETS), cp.Variable()
excess = cp.pos(-returns @ w - a)
worst = solve(cp.Minimize(a + cp.sum(excess) / (0.1 * WINDOW)), [cp.sum(w) == 1, w >= 0])
add("weight min_cvar(90%, window: 120d)", w.value, objective="cvar")
tail = w.value

# The nearest portfolio under constraints that have no closed form.
w = cp.Variable(ASSETS)
start = value / value.sum()
far = cp.sum(cp.multiply(cp.square(w - start), 1 / start))
solve(cp.Minimize(far), [cp.sum(w) == 1, w >= 0, w <= 0.2, x @ w >= -0.2])
add("weight market_cap cap position 20% limit x between -0.2 and 9", w.value)

# Long and short: the better and the worse half by x.
best = np.argsort(-x)[:5]
worst_five = np.argsort(x)[:5]
w = cp.Variable(ASSETS)
sides = np.zeros(ASSETS)
sides[best], sides[worst_five] = 1, -1
up, down = (sides > 0).astype(float), (sides < 0).astype(float)
on_side = [cp.multiply(sides, w) >= 0, w[sides == 0] == 0]
solve(cp.Minimize(cp.sum_squares(root(S).T @ w) * 10), on_side + [up @ w == 1.3, down @ w == -0.3])
add(f"select top 5 by x short bottom 5 by x exposure long 130% short 30% weight min_variance({SAMPLE})", w.value)
on_side += [up @ w == 1, down @ w == -1]
neutral = [g @ w == 0 for g in in_sector]
solve(cp.Maximize(expected @ w - 2.5 * cp.sum_squares(root(S).T @ w)), on_side + neutral + [cp.abs(w) <= 0.4])
add(
    "select top 5 by x short bottom 5 by x neutralize sector cap position 40% "
    f"weight mean_variance(risk_aversion: 5, expected: expected, {SAMPLE})",
    w.value,
)
start = sides / 5
far = cp.sum_squares(w - start) * 5
solve(cp.Minimize(far), on_side + [expected @ w == 0])
add("select top 5 by x short bottom 5 by x neutralize expected weight equal", w.value)

# A second decision, five rows later, that may trade 10%: the first is held from row 131 on.
held = close[135] / close[131] * np.array(cases[0]["weights"])
held /= held.sum()
S2 = np.cov(pd.DataFrame(close).pct_change().iloc[135 - WINDOW + 1 : 136].to_numpy().T) * YEAR
w = cp.Variable(ASSETS)
solve(
    cp.Minimize(cp.sum_squares(root(S2).T @ w) * 100),
    [cp.sum(w) == 1, w >= 0, cp.sum(cp.pos(w - held)) <= 0.01, cp.sum(cp.pos(held - w)) <= 0.01],
)
add(method("sample") + " cap turnover 1% rebalance every 5d", w.value, row=135)
half = cp.sum_squares(root(S2).T @ w) / 2 + 0.002 * cp.norm1(w - held)
solve(cp.Minimize(half * 100), [cp.sum(w) == 1, w >= 0])
add(
    f"weight min_variance(turnover_cost: 20bps, {SAMPLE}) rebalance every 5d",
    w.value,
    row=135,
)

# What a decision may trade of each asset: a tenth of its mean daily trade over 20 rows, by a book of a million.
def tradable(row, nav):
    return 0.1 * (close * volume)[row - 19 : row + 1].mean(axis=0) / nav


most = tradable(AT, 1e6)
first = least_variance(S, lambda w: [w <= most])
assert np.any(first > most - 1e-9), "it binds"
add(method("sample") + " limit trade_volume 10% rebalance every 5d", first)
growth = first @ (close[135] / close[131])
held = first * close[135] / close[131] / growth
most = tradable(135, 1e6 * growth)
w = cp.Variable(ASSETS)
near = [cp.sum(w) == 1, w >= 0, cp.abs(w - held) <= most]
solve(cp.Minimize(cp.sum_squares(root(S2).T @ w) * 100), near)
add(method("sample") + " limit trade_volume 10% rebalance every 5d", w.value, row=135)

# Nearest to a benchmark that holds more, or something else, than may be held.
w = cp.Variable(ASSETS)
picked = np.zeros(ASSETS)
picked[np.argsort(-x)[:6]] = 1
whole = [cp.sum(w) == 1, w >= 0, w[picked == 0] == 0]
solve(cp.Minimize(cp.sum_squares(root(S).T @ (w - benchmark)) * 100), whole)
add(f"select top 6 by x benchmark market_cap weight track({SAMPLE})", w.value)
alone = int(np.flatnonzero(picked == 0)[0])
single = np.eye(ASSETS)[alone]
solve(cp.Minimize(cp.sum_squares(root(S).T @ (w - single)) * 100), whole + [w <= 0.5])
add(f'select top 6 by x benchmark "A{alone:02}" weight track({SAMPLE}) cap position 50%', w.value)
gap = cp.norm(root(S).T @ (w - single))
least = cp.Problem(cp.Minimize(gap), whole)
least.solve(**TIGHT)
error = np.ceil(least.value * 100 + 1) / 100
solve(cp.Maximize(expected @ w - 0.5 * cp.sum_squares(root(S).T @ w)), whole + [gap <= error])
assert abs(gap.value - error) < 1e-8, "it binds"
add(
    f'select top 6 by x benchmark "A{alone:02}" limit tracking_error {100 * error:.0f}% '
    f"weight mean_variance(risk_aversion: 1, expected: expected, {SAMPLE})",
    w.value,
)

# Holdings that are picked no more: they may shrink, and a cap on turnover keeps the rest of them.
def risen(row):
    return np.argsort(-(close[row] / close[row - 5]))[:6]


before, after = np.zeros(ASSETS), np.zeros(ASSETS)
before[risen(AT)], after[risen(135)] = 1 / 6, 1 / 6
held = before * close[135] / close[131]
held /= held.sum()
kept = (after == 0) & (held > 0)
assert kept.sum() >= 2, kept.sum()
w = cp.Variable(ASSETS)
divisor = np.where(after > 0, after, held)
may_hold = divisor > 0
far = cp.sum(cp.square(w - after)[may_hold] / divisor[may_hold])
limits = [cp.sum(w) == 1, w >= 0, w[~may_hold] == 0, w[kept] <= held[kept]]
turnover = [cp.sum(cp.pos(w - held)) <= 0.2, cp.sum(cp.pos(held - w)) <= 0.2]
solve(cp.Minimize(far), limits + turnover)
assert w.value[kept].max() > 0.01, "something is kept"
add("select top 6 by return(5d) weight equal cap turnover 20% rebalance every 5d", w.value, row=135)

# Other libraries, as near as their own solvers' tolerances allow.
prior = EmpiricalPrior(covariance_estimator=EmpiricalCovariance())
least = MeanRisk(risk_measure=RiskMeasure.VARIANCE, prior_estimator=prior).fit(returns).weights_
assert np.allclose(least, cases[0]["weights"], atol=1e-4), least - cases[0]["weights"]
most = MaximumDiversification(prior_estimator=prior).fit(returns).weights_
assert np.allclose(most, diversified, atol=1e-4)
even = RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, prior_estimator=prior).fit(returns).weights_
assert np.allclose(even, parity, atol=1e-4)
loss = MeanRisk(risk_measure=RiskMeasure.CVAR, cvar_beta=0.9).fit(returns).weights_
losses = np.sort(-returns @ loss)[-12:].mean()
assert abs(losses - worst.value) < 1e-7, (losses, worst.value)
folio = rp.Portfolio(returns=frame)
folio.mu, folio.cov = pd.DataFrame([expected]), pd.DataFrame(S)
ratio = folio.optimization(model="Classic", rm="MV", obj="Sharpe", rf=0).to_numpy().ravel()
assert np.allclose(ratio, sharpe, atol=1e-3), ratio - sharpe
equal = folio.rp_optimization(model="Classic", rm="MV", rf=0).to_numpy().ravel()
assert np.allclose(equal, parity, atol=1e-4)



def lines(items):
    return ",\n".join(items)


def matrices(all):
    return lines(f"{json.dumps(k)}: {json.dumps(v.ravel().tolist())}" for k, v in all.items())


(HERE / "construction.json").write_text(
    f'{{"covariances": {{\n{matrices(covariances)}\n}},\n"few": {{\n{matrices(short)}\n}},\n'
    f'"cases": [\n{lines(json.dumps(c) for c in cases)}\n]}}\n'
)
