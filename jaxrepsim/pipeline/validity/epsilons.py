"""Which ε: what the similarity at each ε, and its mean, identify and tell apart, and how often they tie."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from jaxrepsim import validity
from jaxrepsim.matching import match_profiles
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.validity.layers_across import Values, kept
from jaxrepsim.pipeline.validity.networks import Answers, pooled

EPSILONS = tuple(round(0.05 * step, 2) for step in range(1, 20))
UPPERS = (0.3, 0.5, 0.7, 1.0)
"""Right ends of the range of ε that the mean is taken over; `match_auc` has 0.5."""
TIES = ("at 0", "between", "at 1")
Groups = Mapping[str, Sequence[Answers]]


def epsilons(networks: Sequence[Answers], tests: Mapping[str, Groups], folder: Path, progress: Progress) -> xr.Dataset:
    """Layer identification and grouping by the similarity at each ε, and by its mean up to each end.

    Args:
        networks: Of one architecture, for layer identification with pooled maps.
        tests: For each test by design the networks of its variants.
        folder: Where profiles are kept.
        progress: Told of each pair, and of each test.

    Returns:
        `identified` and, along `test`, `auprc`, for each `measure`: `s(0.05)` and so on, then `auc(0.3)` and so on;
        and `ties`: of a layer of one network and all of another, the share whose largest value is not alone, by where
        that value is.
    """
    count, layers = len(networks), len(networks[0].maps)
    values = np.full((len(EPSILONS) + len(UPPERS), count, count, layers, layers), np.nan)
    cells = [(i, layers + j) for i, j in product(range(layers), repeat=2)]
    pairs = [*combinations(range(count), 2)]
    for done, (a, b) in enumerate(pairs, start=1):
        arrays = [pooled(maps) for network in (a, b) for maps in networks[network].maps.values()]
        values[:, a, b] = _curves(arrays, cells, folder).reshape(-1, layers, layers)
        values[:, b, a] = values[:, a, b].transpose(0, 2, 1)
        progress("profiles, layers", done, len(pairs))
    everyone = np.arange(count)
    shares = [validity.accuracy(validity.identified(of), everyone).mean() for of in values]
    auprc = np.array([_told_apart(groups, folder) for groups in tests.values()]).reshape(len(tests), len(values))
    ties = [[validity.accuracy(tied, everyone).mean() for tied in _ties(of)] for of in values]
    return xr.Dataset(
        {
            "identified": ("measure", np.array(shares)),
            "auprc": (("test", "measure"), auprc),
            "ties": (("measure", "where"), np.array(ties)),
        },
        {
            "measure": [*(f"s({at:g})" for at in EPSILONS), *(f"auc({upper:g})" for upper in UPPERS)],
            "test": [*tests],
            "where": [*TIES],
        },
    )


def _curves(arrays: Sequence[NDArray[np.float64]], places: Sequence[tuple[int, int]], folder: Path) -> NDArray:
    """(ε and then ends, pairs)."""

    def compute(missing: Sequence[str]) -> Values:
        del missing  # one name alone
        with enable_x64(True):
            profiles = match_profiles(arrays, places)
            at = [np.asarray(profile.similarity(np.array(EPSILONS))) for profile in profiles]
            means = [[float(profile.auc(upper)) for upper in UPPERS] for profile in profiles]
        return {"curves": np.concatenate([np.transpose(at), np.transpose(means)])}

    return kept([b"profiles", np.array(EPSILONS + UPPERS), *arrays], ["curves"], compute, folder)["curves"]


def _told_apart(groups: Groups, folder: Path) -> list[float]:
    networks = [network for group in groups.values() for network in group]
    labels = np.repeat(np.arange(len(groups)), [len(group) for group in groups.values()])
    places = [*combinations(range(len(networks)), 2)]
    found = np.full((len(EPSILONS) + len(UPPERS), len(networks), len(networks)), np.nan)
    a, b = np.transpose(places)
    found[:, a, b] = found[:, b, a] = _curves([network.last for network in networks], places, folder)
    return [validity.separation(of, labels).auprc for of in found]


def _ties(similarities: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """For each of `TIES` (networks, networks, layers): 1 where the largest value is there and not alone."""
    largest = similarities.max(axis=-1)
    tied = (similarities == largest[..., None]).sum(axis=-1) > 1
    places = largest == 0, (largest > 0) & (largest < 1), largest == 1
    return [np.where(tied & place, 1.0, 0.0) for place in places]
