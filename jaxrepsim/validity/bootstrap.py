"""What chance does to a number that rests on few networks: they are drawn again."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


def resampled(
    statistic: Callable[[NDArray[np.int_]], NDArray[np.float64]], groups: NDArray[np.int_], draws: int, seed: int
) -> NDArray[np.float64]:
    """The bootstrap distribution of a statistic of networks.

    Args:
        statistic: Of the networks at these places, each perhaps several times. Pairs of two copies of one network are
            its business to leave out.
        groups: (networks,), to which group each belongs; networks are drawn, with replacement, within their group.
        draws: How many.
        seed: Of the draws.

    Returns:
        (draws, ...), the statistic of each.

    Source: Efron 1979, Bootstrap methods: another look at the jackknife, Ann. Statist. 7(1).

    >>> values = np.arange(10.0)
    >>> means = resampled(lambda places: values[places].mean(), np.zeros(10, int), 500, seed=0)
    >>> means.shape, round(float(means.mean()), 1)
    ((500,), 4.5)
    """
    random = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    return np.array(
        [statistic(np.concatenate([random.choice(places, len(places)) for places in members])) for _ in range(draws)]
    )


def interval(draws: NDArray[np.float64], level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The percentile interval of a bootstrap distribution, NaN left out.

    Args:
        draws: (draws, ...).
        level: How much it covers.

    Returns:
        The lower and the upper end, (...); NaN where every draw is.

    >>> low, high = interval(np.arange(1001.0))
    >>> round(float(low)), round(float(high))
    (25, 975)
    """
    tail = (1 - level) / 2
    known = ~np.isnan(draws).all(axis=0)
    filled = np.where(known, draws, 0.0)
    low, high = np.nanquantile(filled, (tail, 1 - tail), axis=0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)
