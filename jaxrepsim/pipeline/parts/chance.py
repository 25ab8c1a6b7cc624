"""What chance would give in one layer: the nulls, and residuals on inputs that were not fitted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.chance import cross_validated_residuals, similarity_against_chance
from jaxrepsim.matching import residuals
from jaxrepsim.pipeline.part import Inputs, LayerPart, pairs, stacked
from jaxrepsim.pipeline.parts.over_training import similarities

_HELD = ("residual_x", "residual_y", "held_out_x", "held_out_y")
_NULLS = ("observed", "shuffled", "random", "p_shuffled", "p_random")


@dataclass(frozen=True)
class Chance(LayerPart):
    """Nulls that similarity is held against, the untrained networks, and held-out residuals."""

    needs = "sampled"
    reads = ("sampling",)
    asked_by = "draws"
    requirements = (("draws", "at least 0", lambda value: value >= 0),)

    draws: int = 0
    """Of each null: shuffled inputs, and random vectors; 0 for none of it."""

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        untrained = similarities(list(inputs.run.sampled(0).values()), inputs.epsilons)
        for layer in layers:
            trained = list(inputs.run.compared.values())
            networks = [np.asarray(sampled.positions[layer], np.float64) for sampled in trained]
            key, each = layer_key(inputs.matching.seed, layer), trained[0].group_size[layer]
            nulls, held = [], []
            for pair, (x, y) in enumerate(pairs(networks)):
                null_key, half_key = jax.random.split(jax.random.fold_in(key, pair))
                nulls.append(similarity_against_chance(x, y, inputs.epsilons, null_key, self.draws, each))
                fitted = residuals(x, y), residuals(y, x)
                unseen = (cross_validated_residuals(*order, half_key, each) for order in ((x, y), (y, x)))
                held.append([np.asarray(values, np.float64) for values in (*fitted, *unseen)])
            width = max(network.shape[1] for network in networks)
            found = {name: np.stack([np.asarray(getattr(null, name)) for null in nulls]) for name in _NULLS}
            yield xr.Dataset(
                {
                    **{name: (("pair", "epsilon", "draw")[: values.ndim], values) for name, values in found.items()},
                    "untrained": (("pair", "epsilon"), untrained[layer]),
                    "samples": ((), len(networks[0])),
                    **{
                        name: (("pair", "unit"), stacked(values, width))
                        for name, values in zip(_HELD, zip(*held, strict=True), strict=True)
                    },
                }
            )
