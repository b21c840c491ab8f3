"""Figures of the first operators, by pandas 2 and scipy: `python3 basic.py`."""

import numpy as np
from scipy.stats import rankdata

from figures import Figures, X, Y

figures = Figures("basic")
for d in (5, 20):
    least = int(np.ceil(0.75 * d))
    rolling = X.rolling(d, min_periods=least)
    figures.add(f"ts_mean(x, {d})", rolling.mean(), near=f"ts_max(abs(x), {d}, min: 1)")
    figures.add(f"ts_min(x, {d})", rolling.min(), exact=True)
    figures.add(f"ts_max(x, {d})", rolling.max(), exact=True)
figures.add("lag(x, 3)", X.shift(3), exact=True)


def mid_rank(row):
    out = np.full(row.shape, np.nan)
    here = ~np.isnan(row)
    n = here.sum()
    out[here] = 0.5 if n == 1 else (rankdata(row[here]) - 1) / max(n - 1, 1)
    return out


figures.add("rank(x)", np.apply_along_axis(mid_rank, 1, X.to_numpy()), exact=True)
figures.write()
