"""Where the match and linear CKA disagree most, and what the match tells there that no number does."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import rankdata

from jaxrepsim import certificates
from jaxrepsim.matching import match_profile
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.validity.networks import Answers, pooled
from jaxrepsim.pipeline.validity.study import Between

EPSILON = 0.3
"""Of the simple matches: the default of `match_similarity`."""
EPSILONS = np.linspace(0, 0.99, 100)
COMPARED = ("match_auc", "linear_cka")
SIDES = ("first", "second")
HIGH = ("match high, CKA low", "match low, CKA high")


def disagreements(networks: Sequence[Answers], found: Between, progress: Progress) -> xr.Dataset:
    """The two pairs of layers whose ranks by the match and by linear CKA differ most, one each way.

    Ranks are among all pairs of layers of two different networks, maps pooled.

    Args:
        networks: Of one architecture.
        found: Their `match_auc` and `linear_cka`, as of `between` with pooled maps.
        progress: Told of each pair.

    Returns:
        Along `pair`: which networks and layers; the value and the rank (the share of pairs below) of both measures; the
        `share` of units of each side that match at each ε; for each unit, those of the first side first, how many units
        of each side its v-minimal match at `EPSILON` has, and whether it is certified as its only one.
    """
    layers = [*networks[0].maps]
    a, b = np.triu_indices(len(networks), 1)
    values = {name: found[name][a, b].ravel() for name in COMPARED}
    share_below = {name: (rankdata(of) - 1) / (len(of) - 1) for name, of in values.items()}
    difference = share_below["match_auc"] - share_below["linear_cka"]
    read = []
    for place in (int(difference.argmax()), int(difference.argmin())):
        pair, i, j = np.unravel_index(place, (len(a), len(layers), len(layers)))
        x, y = (pooled(networks[n].maps[layers[at]]) for n, at in ((a[pair], i), (b[pair], j)))
        of_both = {
            "network": ("side", [int(a[pair]), int(b[pair])]),
            "layer": ("side", [layers[i], layers[j]]),
            "value": ("measure", [values[name][place] for name in COMPARED]),
            "rank": ("measure", [share_below[name][place] for name in COMPARED]),
        }
        read.append(_read(x, y).assign(of_both))
        progress("reading pairs of layers", len(read), 2)
    return xr.concat(read, xr.Variable("pair", [*HIGH]), join="outer").assign_coords(measure=[*COMPARED], side=[*SIDES])


def _read(x: NDArray[np.float64], y: NDArray[np.float64]) -> xr.Dataset:
    with enable_x64(True):
        match = match_profile(x, y).match(EPSILONS)
        proof = certificates(x, y, EPSILON)
    sides = [np.asarray(proof.first.x), np.asarray(proof.first.y)]
    sizes = np.array([side.sum(axis=1) for side in sides])
    return xr.Dataset(
        {
            "share": (("side", "epsilon"), [np.asarray(side).mean(axis=1) for side in (match.x, match.y)]),
            "size": (("side", "unit"), sizes),
            "minimum": ("unit", np.asarray(proof.minimum, float)),
        },
        {"epsilon": EPSILONS, "unit": np.arange(sizes.shape[1])},
    )
