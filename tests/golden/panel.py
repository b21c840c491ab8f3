"""Writes panel.npy, the inputs of the golden figures: fields x rows x assets.

The assets are the hard cases: missing values, ties, a constant, a late start, zeros, huge and tiny magnitudes, a level of
1e6 with steps of 1e-3, an asset that is missing throughout. `python3 panel.py` (numpy 2) writes the same bytes again.
"""

import numpy as np

ROWS, ASSETS = 96, 12
FIELDS = ["x", "y", "z", "c", "g"]


def number(seed):
    r = np.random.default_rng(seed)
    x = r.normal(size=(ROWS, ASSETS))
    x[:, 0] = np.floor(x[:, 0] * 2)                  # ties
    x[:, 1] = 0.1                                    # a constant
    x[:, 2] *= 1e12
    x[:, 3] *= 1e-12
    x[:, 4] = 1e6 + 1e-3 * x[:, 4]
    x[:, 5] = 100 * np.exp(np.cumsum(0.02 * x[:, 5]))  # a price
    x[:, 6] = np.where(x[:, 6] > 0, x[:, 6], 0.0)    # many zeros
    x[:41, 7] = np.nan                               # a late start
    x[60:, 8] = np.nan                               # an early end
    x[:, 9] = np.nan
    x[:, 10] = np.repeat(x[::4, 10], 4)[:ROWS]       # flat stretches
    x[r.random((ROWS, ASSETS)) < 0.06] = np.nan
    x[40, :] = np.nan                                # a date without values
    return x


x, y, z = number(1), number(2), number(3)
c = np.where(np.isnan(z), np.nan, (z > 0.3).astype(float))
g = np.tile(np.arange(ASSETS) % 3, (ROWS, 1)).astype(float)
g[:, 11] = np.nan
np.save("panel.npy", np.stack([x, y, z, c, g]))
