"""How independent a layer's units are, and at which ε matches are unique for that."""

from collections.abc import Sequence

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.decomposition import independence, is_stable, simple_matches, stable_intervals
from jaxrepsim.matching import Match, MatchProfile
from jaxrepsim.pipeline.config import TheoryConfig
from jaxrepsim.pipeline.theory.layers import pairs

_independence = jax.jit(independence)


def stability_of_layer(
    layer: str,
    networks: Sequence[np.ndarray],
    profiles: Sequence[tuple[np.ndarray, np.ndarray]],
    epsilons: np.ndarray,
    seed: int,
    config: TheoryConfig,
) -> xr.Dataset:
    """The variables of the group `stability` of `jaxrepsim.report.schema`, without coordinates.

    Args:
        layer: Its name.
        networks: (rows, units) of each.
        profiles: For each pair the critical ε of both sides.
        epsilons: (e,).
        seed: Draws the starts of the search for an upper bound.
        config: The bounds on the enumeration of simple matches, where that has to decide.
    """
    with jax.enable_x64(True):
        found = [_independence(network, layer_key(seed, layer)) for network in networks]
        lower, upper = (np.array([[float(getattr(one, name)) for one in found]]) for name in ("lower", "upper"))
        factors = [max(float(a.factor), float(b.factor)) for a, b in pairs(found)]
        intervals = [
            stable_intervals(MatchProfile(*map(np.asarray, profile)), factor)  # type: ignore[arg-type]
            for profile, factor in zip(profiles, factors, strict=True)
        ]
        stable = [
            [_stable(x, y, float(epsilon), factor, config) for epsilon in epsilons]
            for (x, y), factor in zip(pairs(networks), factors, strict=True)
        ]
    ends = np.full((2, 1, len(intervals), max(1, *map(len, intervals))), np.nan)
    for pair, parts in enumerate(intervals):
        ends[:, 0, pair, : len(parts)] = parts.T
    return xr.Dataset(
        {
            "theta_lower": (("layer", "network"), lower),
            "theta_upper": (("layer", "network"), upper),
            "stable": (("layer", "pair", "epsilon"), np.array([stable], np.int8)),
            "stable_from": (("layer", "pair", "interval"), ends[0]),
            "stable_to": (("layer", "pair", "interval"), ends[1]),
        }
    )


def _stable(x: np.ndarray, y: np.ndarray, epsilon: float, factor: float, config: TheoryConfig) -> int:
    """1 for yes, 0 for no, −1 where the enumeration that would tell was stopped."""
    told = is_stable(x, y, epsilon, factor)
    if told is not None:
        return int(told)
    iterator = simple_matches(x, y, factor * epsilon, config.simple_matches, config.seconds)
    found = [simple.match for simple in iterator]
    if not found:
        return -1
    masks = Match(*(np.stack([getattr(match, side) for match in found]) for side in "xy"))  # type: ignore[arg-type]
    told = is_stable(x, y, epsilon, factor, masks)
    # One simple match that is no ε-match settles it; that all are tells only if these are all.
    return 0 if told is False else 1 if told and iterator.complete else -1
