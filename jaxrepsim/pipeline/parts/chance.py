"""What chance would give in one layer: the nulls, and residuals on inputs that were not fitted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.chance import cross_validated_residuals, similarity_against_chance
from jaxrepsim.matching import residuals
from jaxrepsim.pipeline.part import Inputs, LayerPart, along, pairs
from jaxrepsim.pipeline.parts.over_training import similarities

_NULLS = ("observed", "shuffled", "random", "p_shuffled", "p_random")


@dataclass(frozen=True)
class Chance(LayerPart):
    """Nulls that similarity is held against, a run's untrained networks, and held-out residuals."""

    needs = "rows"
    reads = ("sampling",)
    asked_by = "draws"
    requirements = (("draws", "at least 0", lambda value: value >= 0),)

    draws: int = 0
    """Of each null: shuffled inputs, and random vectors; 0 for none of it."""

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        trained, unknown = (
            list(inputs.sampled.values()),
            np.full((len(inputs.pair_names), len(inputs.epsilons)), np.nan),
        )
        at_first = {} if inputs.networks_at is None else inputs.networks_at.sampled(0)
        untrained = similarities(list(at_first.values()), inputs.epsilons)
        for layer in layers:
            networks = [np.asarray(sampled.positions[layer], np.float64) for sampled in trained]
            key, each = layer_key(inputs.matching.seed, layer), trained[0].group_size[layer]
            found = []
            for pair, (x, y) in enumerate(pairs(networks)):
                null_key, half_key = jax.random.split(jax.random.fold_in(key, pair))
                null = similarity_against_chance(x, y, inputs.epsilons, null_key, self.draws, each)
                values = {name: np.asarray(getattr(null, name)) for name in _NULLS}
                variables = {name: (("epsilon", "draw")[: value.ndim], value) for name, value in values.items()}
                for side, own, other in (("x", x, y), ("y", y, x)):
                    held_out = cross_validated_residuals(own, other, half_key, each)
                    variables[f"residual_{side}"] = (("unit",), np.asarray(residuals(own, other), np.float64))
                    variables[f"held_out_{side}"] = (("unit",), np.asarray(held_out, np.float64))
                found.append(variables)
            yield xr.Dataset(
                {
                    **along("pair", found, unit=max(network.shape[1] for network in networks)),
                    "untrained": (("pair", "epsilon"), untrained.get(layer, unknown)),
                    "samples": ((), len(networks[0])),
                }
            )
