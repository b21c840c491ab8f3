"""Figures of scores learned walk-forward, by scikit-learn: `python3 predict.py` (numpy 2, pandas 2, scikit-learn 1).

Inputs: those of spread.py (close, x, w over weekdays of 2018 and 2019 for 15 assets, with missing values, an asset that is
delisted and one that comes late).
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
CLOSE, X, W = (pd.DataFrame(p) for p in np.load(HERE / "spread.inputs.npy"))
T, N = CLOSE.shape


def forward(days):
    """Bought on the next row, sold `days` later at the last price there was."""
    bought = CLOSE.shift(-1)
    sold = CLOSE.ffill().shift(-1 - days)
    return sold / bought - 1


def predict(target, ahead, features, model, train, refit, least=None):
    """`ahead` rows pass until a target is known."""
    out = np.full((T, N), np.nan)
    step = max(ahead - 1, 1)
    for fit in range(0, T, refit):
        dates = [fit - ahead - k * step for k in range(T)]
        dates = [d for d in dates if d > fit - train]
        wanted = least or int(np.ceil(0.75 * len(dates)))
        xs, ys, counted = [], [], 0
        for d in (d for d in dates if d >= 0):
            x = np.column_stack([f.loc[d] for f in features])
            y = target.loc[d].to_numpy()
            fine = CLOSE.loc[d].notna() & np.isfinite(y) & np.isfinite(x).all(axis=1)
            counted += fine.any()
            xs.append(x[fine])
            ys.append(y[fine])
        if counted < wanted or sum(map(len, ys)) < len(features) + 2:
            continue
        learned = make_pipeline(StandardScaler(), model).fit(np.vstack(xs), np.concatenate(ys))
        for t in range(fit, min(fit + refit, T)):
            x = np.column_stack([f.loc[t] for f in features])
            fine = CLOSE.loc[t].notna() & np.isfinite(x).all(axis=1)
            if fine.any():
                out[t, fine] = learned.predict(x[fine])
    return out


def figures():
    """Writes the figures."""
    f21, f5 = forward(21), forward(5)
    over = f5.where(CLOSE.notna())
    over = over.sub(over.mean(axis=1), axis=0)
    cases = {
        "predict(forward_return(21), from: [x, w], model: ridge(1.0), train: 252, refit: 63)": predict(
            f21, 22, [X, W], Ridge(1.0), 252, 63
        ),
        "predict(forward_return(5), from: [x, w, lag(x, 3)], train: 100, refit: 10, min: 3)": predict(
            f5, 6, [X, W, X.shift(3)], LinearRegression(), 100, 10, 3
        ),
        "predict(demean(forward_return(5)), from: [x * 1e-3 + 1e3, w * 1e9], model: ridge(25), train: 120, refit: 1)": predict(
            over, 6, [X * 1e-3 + 1e3, W * 1e9], Ridge(25.0), 120, 1
        ),
        "predict(forward_return(1), from: [x, if w > 0 then 0.1 else 0.1], model: ridge(0.5), train: 30, refit: 7)": predict(
            forward(1), 2, [X, (W * 0).where(W.isna(), 0.1)], Ridge(0.5), 30, 7
        ),
    }
    lines = ",\n".join(json.dumps({"expression": e, "near": "0 * close + 0.01"}) for e in cases)
    (HERE / "predict.json").write_text(f"[\n{lines}\n]\n")
    np.save(HERE / "predict.npy", np.stack(list(cases.values())))


if __name__ == "__main__":
    figures()
