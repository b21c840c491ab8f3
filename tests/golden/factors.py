"""Figures of library functions that the other scripts leave out: `python3 factors.py` (numpy 2, pandas 2)."""

import numpy as np

from figures import Figures, X

figures = Figures("factors")


def deepest_fall(window):
    x = window[~np.isnan(window) & (window > 0)]
    return (x / np.maximum.accumulate(x)).min() - 1 if len(x) else np.nan


for d, least in ((5, 4), (20, 15)):
    enough = (X > 0).rolling(d, min_periods=1).sum() >= least
    figures.add(f"ts_drawdown(x, {d})", X.rolling(d, min_periods=1).apply(deepest_fall, raw=True).where(enough))
figures.write()
