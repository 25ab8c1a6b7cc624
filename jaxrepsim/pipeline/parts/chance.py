"""What chance would give in one layer: the nulls, and residuals on inputs that were not fitted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from jaxrepsim.activations import layer_key
from jaxrepsim.chance import cross_validated_residuals, similarity_against_chance
from jaxrepsim.matching import residuals
from jaxrepsim.pipeline.part import Inputs, LayerPart, pairs
from jaxrepsim.pipeline.parts.over_training import similarities
from jaxrepsim.settings import require

_HELD = ("residual_x", "residual_y", "held_out_x", "held_out_y")
_NULLS = {
    "observed": ("pair", "epsilon"),
    "shuffled": ("pair", "epsilon", "draw"),
    "random": ("pair", "epsilon", "draw"),
    "p_shuffled": ("pair", "epsilon"),
    "p_random": ("pair", "epsilon"),
}


@dataclass(frozen=True)
class Chance(LayerPart):
    """Nulls that similarity is held against, the untrained networks, and held-out residuals."""

    needs = "sampled"
    reads = ("sampling",)

    draws: int = 0
    """Of each null: shuffled inputs, and random vectors; 0 for none of it."""

    def __post_init__(self) -> None:
        require(self, ("draws", "at least 0", lambda value: value >= 0))

    @property
    def asked(self) -> bool:
        return self.draws > 0

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        untrained = similarities(list(inputs.run.sampled(0).values()), inputs.epsilons)
        for layer in layers:
            trained = list(inputs.run.compared().values())
            networks = [sampled.positions[layer] for sampled in trained]
            key, each = layer_key(inputs.matching.seed, layer), trained[0].group_size[layer]
            yield self.of_layer(networks, untrained[layer], each, inputs.epsilons, key)

    def of_layer(
        self,
        networks: Sequence[np.ndarray],
        untrained: np.ndarray,
        group_size: int,
        epsilons: np.ndarray,
        key: jax.Array,
    ) -> xr.Dataset:
        """One layer's group.

        Args:
            networks: Raw (rows, units) of each, on the same inputs.
            untrained: (pairs, e), the similarity of the same networks before training.
            group_size: Rows of one image.
            epsilons: (e,).
            key: Of all draws.
        """
        both = pairs([np.asarray(network, np.float64) for network in networks])
        held = {name: np.full((len(both), max(part.shape[1] for part in networks)), np.nan) for name in _HELD}
        nulls = []
        for pair, (x, y) in enumerate(both):
            null_key, half_key = jax.random.split(jax.random.fold_in(key, pair))
            nulls.append(similarity_against_chance(x, y, epsilons, null_key, self.draws, group_size))
            values = (
                residuals(x, y),
                residuals(y, x),
                cross_validated_residuals(x, y, half_key, group_size),
                cross_validated_residuals(y, x, half_key, group_size),
            )
            for name, found in zip(_HELD, values, strict=True):
                held[name][pair, : len(found)] = found
        return xr.Dataset(
            {
                **{
                    name: (dims, np.stack([np.asarray(getattr(null, name)) for null in nulls]))
                    for name, dims in _NULLS.items()
                },
                "untrained": (("pair", "epsilon"), untrained),
                "samples": ((), len(networks[0])),
                **{name: (("pair", "unit"), values) for name, values in held.items()},
            }
        )
