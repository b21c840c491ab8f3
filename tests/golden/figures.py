"""What the scripts of this folder share: the inputs, and how figures are kept.

A script collects cases, each an expression of the language with the values that an independent implementation gives
(rows x assets; one value a date is repeated for each asset), and writes NAME.json and NAME.npy.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
PANEL = np.load(HERE / "panel.npy")
X, Y, Z, C, G = (pd.DataFrame(p) for p in PANEL)


class Figures:
    def __init__(self, name):
        self.name, self.cases, self.values = name, [], []

    def add(self, expression, values, exact=False, near=None):
        values = np.asarray(values, dtype=float)
        if values.ndim == 1:
            values = np.repeat(values[:, None], PANEL.shape[2], axis=1)
        assert values.shape == PANEL.shape[1:], (expression, values.shape)
        case = {"expression": expression}
        if exact:
            case["exact"] = True
        if near:
            case["near"] = near
        self.cases.append(case)
        self.values.append(np.where(np.isfinite(values), values, np.nan))

    def write(self):
        lines = ",\n".join(json.dumps(c) for c in self.cases)
        (HERE / f"{self.name}.json").write_text(f"[\n{lines}\n]\n")
        np.save(HERE / f"{self.name}.npy", np.stack(self.values))
