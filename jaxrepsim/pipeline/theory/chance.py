"""What chance would give in one layer: the nulls, and residuals on inputs that were not fitted."""

from collections.abc import Sequence

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.chance import cross_validated_residuals, similarity_against_chance
from jaxrepsim.matching import residuals
from jaxrepsim.pipeline.theory.layers import pairs


def chance_layer(
    layer: str,
    networks: Sequence[np.ndarray],
    untrained: np.ndarray,
    group_size: int,
    epsilons: np.ndarray,
    draws: int,
    seed: int,
) -> xr.Dataset:
    """The variables of the group `chance` of `jaxrepsim.report.schema`, without coordinates.

    Args:
        layer: Its name.
        networks: Raw (rows, units) of each, on the same inputs.
        untrained: (pairs, e), the similarity of the same networks before training.
        group_size: Rows of one image.
        epsilons: (e,).
        draws: Of each null.
        seed: Of all draws, with the layer's name.
    """
    sides = pairs([np.asarray(network, np.float64) for network in networks])
    units = max(network.shape[1] for network in networks)
    held = {name: np.full((1, len(sides), units), np.nan) for name in _HELD}
    nulls = []
    with jax.enable_x64(True):
        for pair, (x, y) in enumerate(sides):
            null_key, half_key = jax.random.split(jax.random.fold_in(layer_key(seed, layer), pair))
            nulls.append(similarity_against_chance(x, y, epsilons, null_key, draws, group_size))
            values = (
                *(residuals(x, y), residuals(y, x)),
                *(
                    cross_validated_residuals(x, y, half_key, group_size),
                    cross_validated_residuals(y, x, half_key, group_size),
                ),
            )
            for name, found in zip(_HELD, values, strict=True):
                held[name][0, pair, : len(found)] = found
        stacked = {name: np.stack([np.asarray(getattr(null, name)) for null in nulls])[None] for name in _NULLS}
    per_pair = ("layer", "pair", "epsilon")
    return xr.Dataset(
        {
            "chance_observed": (per_pair, stacked["observed"]),
            "chance_samples": (("layer",), [len(networks[0])]),
            "chance_shuffled": ((*per_pair, "draw"), stacked["shuffled"]),
            "chance_random": ((*per_pair, "draw"), stacked["random"]),
            "chance_untrained": (per_pair, untrained[None]),
            "p_shuffled": (per_pair, stacked["p_shuffled"]),
            "p_random": (per_pair, stacked["p_random"]),
            **{name: (("layer", "pair", "unit"), values) for name, values in held.items()},
        }
    )


_HELD = ("residual_x", "residual_y", "held_out_x", "held_out_y")
_NULLS = ("observed", "shuffled", "random", "p_shuffled", "p_random")
