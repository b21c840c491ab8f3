"""Other engines at the work of `cargo bench --bench kernels` and `--bench alphas`: one panel of 3,000 assets x 5,040 days
(f64, one value in a hundred missing), two threads, the least of five runs in milliseconds after one to warm up.

    pip install numpy numba bottleneck py-alpha-lib KunQuant   # Python 3.12 or newer, and a C++ compiler
    python benches/peers.py

The data lie in memory, each engine has its better layout, and numba and KunQuant write into memory that is there.
"""

import os
import time

os.environ.setdefault("NUMBA_NUM_THREADS", "2")
import alpha
import bottleneck
import numba
import numpy as np
from KunQuant import ops
from KunQuant.Driver import KunCompilerConfig
from KunQuant.Op import Builder, Input, Output, Rank
from KunQuant.Stage import Function
from KunQuant.jit import cfake
from KunQuant.ops.MiscOp import ExpMovingAvg
from KunQuant.predefined.Alpha101 import AllData, all_alpha
from KunQuant.runner import KunRunner

ASSETS, DAYS, FEW_DAYS = 3000, 5040, 252


def timed(work, engine, run):
    run()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    print(f"{work:24} {engine:14} {min(times) * 1e3:9.1f}", flush=True)


def walk(rng, days):
    return 100 * np.cumprod(1 + (rng.random((days, ASSETS)) - 0.5) * 0.03, axis=0)


@numba.njit(parallel=True)
def zscore(x, out):
    for t in numba.prange(x.shape[0]):
        n, total = 0, 0.0
        for v in x[t]:
            if v == v:
                n += 1
                total += v
        mean, squares = total / n, 0.0
        for v in x[t]:
            if v == v:
                squares += (v - mean) ** 2
        deviation = (squares / n) ** 0.5
        for a in range(x.shape[1]):
            out[t, a] = (x[t, a] - mean) / deviation


@numba.njit(parallel=True)
def demean(x, group, groups, out):
    for t in numba.prange(x.shape[0]):
        total, n = np.zeros(groups), np.zeros(groups)
        for a in range(x.shape[1]):
            if x[t, a] == x[t, a]:
                total[group[a]] += x[t, a]
                n[group[a]] += 1
        total /= n
        for a in range(x.shape[1]):
            out[t, a] = x[t, a] - total[group[a]]


@numba.njit(parallel=True)
def minimum(x, window, out):
    """Blocks of `window` rows, each from its end and from its start (van Herk), some assets at a time."""
    rows, assets = x.shape
    step = 64
    for block in numba.prange((assets + step - 1) // step):
        first, last = block * step, min(assets, (block + 1) * step)
        head, tail = np.empty((window, step)), np.empty((window, step))
        for start in range(0, rows, window):
            end = min(start + window, rows)
            for t in range(start, end):
                i = t - start
                for a in range(first, last):
                    v = x[t, a] if x[t, a] == x[t, a] else np.inf
                    head[i, a - first] = v if i == 0 else min(head[i - 1, a - first], v)
                    least = head[i, a - first]
                    if start > 0 and i + 1 < window:
                        least = min(least, tail[i + 1, a - first])
                    out[t, a] = least
            for t in range(end - 1, start - 1, -1):
                i = t - start
                for a in range(first, last):
                    v = x[t, a] if x[t, a] == x[t, a] else np.inf
                    tail[i, a - first] = v if t == end - 1 else min(tail[i + 1, a - first], v)


def kunquant(name, function, time_layout, inputs, outputs, days):
    config = KunCompilerConfig(
        dtype="double", input_layout=time_layout, output_layout=time_layout, blocking_len=8,
        options={"no_fast_stat": "no_warn"},
    )
    machine = cfake.X64CPUFlags(avx512=True, avx512dq=True, avx512vl=True)
    library = cfake.compileit([("m", function, config)], name, cfake.CppCompilerConfig(machine=machine))
    module = library.getModule("m")
    executor = KunRunner.createMultiThreadExecutor(2)

    def run():
        library  # kept as long as its module
        KunRunner.runGraph(executor, module, inputs, 0, days, outputs)

    return run


def main():
    rng = np.random.default_rng(1)
    days = walk(rng, DAYS)
    days[rng.random(days.shape) < 0.01] = np.nan
    assets = np.ascontiguousarray(days.T)
    flat = assets.reshape(-1)
    out = np.empty_like(days)
    numba.set_num_threads(2)
    alpha.set_ctx(groups=ASSETS)

    timed("copy, memory there", "numpy", lambda: np.copyto(out, days))
    timed("copy, new memory", "numpy", lambda: days.copy())
    timed("ts_mean 20", "bottleneck", lambda: bottleneck.move_mean(assets, 20, axis=1))
    timed("ts_std 20", "bottleneck", lambda: bottleneck.move_std(assets, 20, axis=1))
    timed("ts_min 252", "bottleneck", lambda: bottleneck.move_min(assets, 252, axis=1))
    timed("rank", "bottleneck", lambda: bottleneck.nanrankdata(days, axis=1))
    timed("ts_mean 20", "py-alpha-lib", lambda: alpha.MA(flat, 20))
    timed("ts_mean 252", "py-alpha-lib", lambda: alpha.MA(flat, 252))
    timed("ts_std 20", "py-alpha-lib", lambda: alpha.STDDEV(flat, 20))
    timed("ts_corr 20", "py-alpha-lib", lambda: alpha.CORR2(flat, flat, 20))
    timed("beta 252", "py-alpha-lib", lambda: alpha.REGBETA(flat, flat, 252))
    timed("ts_min 252", "py-alpha-lib", lambda: alpha.LLV(flat, 252))
    timed("ts_rank 20", "py-alpha-lib", lambda: alpha.RANK(flat, 20))
    timed("ema 20", "py-alpha-lib", lambda: alpha.EMA(flat, 20))
    timed("decay_linear 10", "py-alpha-lib", lambda: alpha.LWMA(flat, 10))
    timed("ts_min 252", "numba", lambda: minimum(days, 252, out))
    timed("zscore", "numba", lambda: zscore(days, out))
    timed("zscore, new memory", "numba", lambda: zscore(days, np.empty_like(days)))
    sector = np.arange(ASSETS) * 7 % 11
    timed("demean within", "numba", lambda: demean(days, sector, 11, out))
    timed("demean within, new memory", "numba", lambda: demean(days, sector, 11, np.empty_like(days)))

    for name, operator in {
        "ts_mean 20": lambda x: ops.WindowedAvg(x, 20),
        "ts_mean 252": lambda x: ops.WindowedAvg(x, 252),
        "ts_std 20": lambda x: ops.WindowedStddev(x, 20),
        "ts_corr 20": lambda x: ops.WindowedCorrelation(x, 20, x),
        "ts_rank 20": lambda x: ops.TsRank(x, 20),
        "ema 20": lambda x: ExpMovingAvg(x, 20),
        "decay_linear 10": lambda x: ops.DecayLinear(x, 10),
        "rank": Rank,
    }.items():
        builder = Builder()
        with builder:
            Output(operator(Input("x")), "y")
        run = kunquant(name.replace(" ", "_"), Function(builder.ops), "TS", {"x": days}, {"y": out}, DAYS)
        timed(name, "KunQuant", run)

    close = walk(rng, FEW_DAYS)
    opened = close * (1 + (rng.random(close.shape) - 0.5) * 0.01)
    fields = {
        "open": opened,
        "close": close,
        "high": np.maximum(opened, close) * (1 + rng.random(close.shape) * 0.01),
        "low": np.minimum(opened, close) * (1 - rng.random(close.shape) * 0.01),
        "volume": np.round(rng.random(close.shape) * 1e6),
    }
    fields["amount"] = fields["volume"] * close
    builder = Builder()
    with builder:
        data = AllData(**{name: Input(name) for name in fields})
        for function in all_alpha:
            Output(function(data), function.__name__)
    outputs = {function.__name__: np.empty_like(close) for function in all_alpha}
    run = kunquant("alphas", Function(builder.ops), "TS", fields, outputs, FEW_DAYS)
    timed(f"{len(all_alpha)} alphas, {FEW_DAYS} days", "KunQuant", run)


if __name__ == "__main__":
    main()
