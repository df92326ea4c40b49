"""Prints the golden values of sync_golden.rs: what lifelines 0.30.3 (PyPI) says of data that both
sides make from the same small generator. Run: pip install lifelines==0.30.3; python lifelines.py
"""

import math
import sys

# This file has the name of the package that it asks; its own folder must not come first.
sys.path.pop(0)

from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from lifelines.utils import restricted_mean_survival_time


def uniform(seed):
    """Lehmer's generator (Park & Miller 1988): exact in both languages."""
    while True:
        seed = seed * 48271 % 2147483647
        yield seed / 2147483647


def sample(seed, n, scale, end, tie):
    """Exponential delays, censored by a uniform follow-up, rounded up to `tie` so that ties occur."""
    dice = uniform(seed)
    times, seen = [], []
    for _ in range(n):
        delay = -scale * math.log(next(dice))
        watched = end * next(dice)
        times.append(math.ceil(min(delay, watched) / tie) * tie)
        seen.append(delay <= watched)
    return times, seen


def show(name, a, b):
    km = KaplanMeierFitter().fit(*a)
    band = km.confidence_interval_
    print(f"{name} curve: (time, survival, lower, upper)")
    at = [t for t in km.survival_function_.index if t > 0]
    for t in (at[0], at[len(at) // 4], at[len(at) // 2], at[3 * len(at) // 4], at[-1]):
        lower, upper = band.loc[t]
        print(f"({t!r}, {float(km.survival_function_.loc[t].iloc[0])!r}, {float(lower)!r}, {float(upper)!r}),")
    print("median", km.median_survival_time_, "rmst(20)", repr(float(restricted_mean_survival_time(km, t=20.0))))
    test = logrank_test(a[0], b[0], a[1], b[1])
    print("chi2", repr(float(test.test_statistic)), "p", repr(float(test.p_value)))


def main():
    show("ties", sample(1, 200, 10.0, 40.0, 0.5), sample(2, 150, 14.0, 40.0, 0.5))
    show("no ties", sample(3, 57, 10.0, 15.0, 2.0**-20), sample(4, 300, 10.0, 90.0, 2.0**-20))


main()
