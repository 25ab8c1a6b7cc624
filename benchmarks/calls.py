"""The functions that the rows on plain calls and on compilation go through, and a pair for them."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

import jaxrepsim

EPSILON = 0.3
CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "residuals": jaxrepsim.residuals,
    "compress": jaxrepsim.compress,
    "maximum_match": lambda x, y: jaxrepsim.maximum_match(x, y, EPSILON),
    "match_profile": jaxrepsim.match_profile,
    "joint_profile": lambda x, y: jaxrepsim.joint_profile([x, y, x[:, ::-1]]),
    "minimal_match": lambda x, y: jaxrepsim.minimal_match(x, y, EPSILON, 0),
    "minimal_matches": lambda x, y: jaxrepsim.minimal_matches(x, y, EPSILON),
    "necessary_units": lambda x, y: jaxrepsim.necessary_units(x, y, EPSILON),
    "certificates": lambda x, y: jaxrepsim.certificates(x, y, EPSILON),
    "decompose": lambda x, y: jaxrepsim.decompose(x, y, EPSILON),
}


def pair(samples: int, n_x: int, n_y: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two networks with half as many signals in common as there are units, and noise: something of all to find."""
    rng = np.random.default_rng(seed)
    signals = rng.normal(size=(samples, n_x // 2))

    def network(units: int) -> NDArray[np.float64]:
        return signals @ rng.normal(size=(n_x // 2, units)) + 0.3 * rng.normal(size=(samples, units))

    return network(n_x), network(n_y)


def on_device(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[jax.Array, jax.Array]:
    """The pair where it is in neither side's time to be moved."""
    return jax.device_put(x), jax.device_put(y)
