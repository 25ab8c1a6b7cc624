"""Every measure of the table, of many pairs of representations on the same samples."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from jaxrepsim.compression import summarise
from jaxrepsim.matching import match_profiles
from jaxrepsim.measures import LINEAR, MEASURES, OF_ROWS, of_all_pairs

NAMES = tuple(name for name in MEASURES if name != "joint_similarity")
"""The measures; `joint_similarity` of two networks is `match_similarity`."""
EPSILON = 0.3
"""Of `match_similarity`: its default."""
OF_PROFILES = ("match_similarity", "match_auc")
Rows = NDArray[np.float64]


def measured(
    representations: Sequence[Rows],
    pairs: Sequence[tuple[int, int]],
    names: Sequence[str] = NAMES,
    sample: NDArray[np.int_] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """Measures of pairs, each as its own function of the table gives it at its defaults.

    Args:
        representations: (samples, units) each, on the same samples.
        pairs: Places in `representations`: the first and the second argument.
        names: Of the measures.
        sample: Which samples those measures see that need raw activations and time that grows with samples².

    Returns:
        For each name (pairs,).

    >>> x, y = np.random.default_rng(0).normal(size=(2, 100, 4))
    >>> {name: values.round(1).tolist() for name, values in measured([x, y], [(0, 0), (0, 1)], ["match_auc"]).items()}
    {'match_auc': [1.0, 0.0]}
    """
    arrays = [np.asarray(rows, np.float64) for rows in representations]
    few = arrays if sample is None else [rows[sample] for rows in arrays]
    found: dict[str, NDArray[np.float64]] = {}
    if set(names) & set(OF_PROFILES):
        profiles = match_profiles(arrays, pairs)
        both = {
            "match_similarity": [float(profile.similarity(EPSILON)) for profile in profiles],
            "match_auc": [float(profile.auc()) for profile in profiles],
        }
        found |= {name: np.array(values) for name, values in both.items()}
    small = summarise(*arrays) if any(MEASURES[name].needs != "rows" for name in set(names) - set(OF_PROFILES)) else ()
    for networks, together in ((small, LINEAR), (few, OF_ROWS)):
        if asked := [name for name in names if name in together]:
            found |= {name: np.asarray(values) for name, values in of_all_pairs(networks, pairs, asked).items()}
    for name in names:
        if name not in found:
            found[name] = np.array([float(MEASURES[name].function(small[a], small[b])) for a, b in pairs])
    return {name: found[name] for name in names}


def measured_both_ways(
    representations: Sequence[Rows],
    pairs: Sequence[tuple[int, int]],
    names: Sequence[str] = NAMES,
    sample: NDArray[np.int_] | None = None,
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """`measured` of pairs and of the same pairs swapped, which of symmetric measures are one.

    Args:
        representations: See `measured`; so the others.
        pairs: Places.
        names: Of the measures.
        sample: Of samples.

    Returns:
        For each name (pairs,) twice.
    """
    directed = [name for name in names if not MEASURES[name].symmetric]
    forth = measured(representations, pairs, [name for name in names if name not in directed], sample)
    both = measured(representations, [*pairs, *((b, a) for a, b in pairs)], directed, sample)
    halves = {name: (values[: len(pairs)], values[len(pairs) :]) for name, values in both.items()}
    return {name: halves[name] if name in halves else (forth[name], forth[name]) for name in names}


def similarity(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of a measure, of which more is more alike: those of a distance are negated.

    Args:
        name: The measure.
        values: Of any shape.

    >>> similarity("procrustes", np.array([0.5])).tolist(), similarity("linear_cka", np.array([0.5])).tolist()
    ([-0.5], [0.5])
    """
    return -values if MEASURES[name].kind == "distance" else values


def resemblance(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of a measure as 1 for the same and 0 for a network that shares nothing: distances are turned over.

    Args:
        name: The measure.
        values: Of any shape.

    >>> resemblance("procrustes", np.array([0.0, 2**0.5])).tolist(), resemblance("cca", np.array([0.3])).tolist()
    ([1.0, 0.0], [0.3])
    """
    return 1 - values / MEASURES[name].constant if MEASURES[name].kind == "distance" else values
