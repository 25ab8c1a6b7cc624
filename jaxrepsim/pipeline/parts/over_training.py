"""Similarity at chosen epochs of training."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from jaxrepsim.matching import MatchProfile, match_profiles
from jaxrepsim.numerics.precision import reached
from jaxrepsim.pipeline.part import Inputs, Part, Switch
from jaxrepsim.pipeline.passes.sampled import Sampled


@dataclass(frozen=True)
class OverTraining(Switch, Part):
    """Similarity and accuracy at each epoch in `training.keep`."""

    needs = "training"
    by_layer = False
    reads = ("sampling",)

    def compute(self, inputs: Inputs, layers: Sequence[str]) -> Iterator[xr.Dataset]:
        epochs, found, accuracy = inputs.run.config.keep, [], []
        for done, epoch in enumerate(epochs):
            inputs.progress("similarity over training", done, len(epochs), f"epoch {epoch}")
            by_layer = similarities(list(inputs.run.sampled(epoch).values()), inputs.epsilons)
            found.append(np.stack([by_layer[layer] for layer in layers]))
            accuracy.append(inputs.run.accuracy(epoch))
        inputs.progress("similarity over training", len(epochs), len(epochs))
        yield xr.Dataset(
            {
                "similarity": (("checkpoint", "layer", "pair", "epsilon"), np.stack(found)),
                "accuracy": (("network", "checkpoint"), np.transpose(accuracy)),
            },
            coords={"checkpoint": np.array(epochs), "layer": list(layers)},
        )


def similarities(networks: Sequence[Sampled], epsilons: np.ndarray) -> Mapping[str, np.ndarray]:
    """The similarity of every pair in every layer at one time of training, from the sampled positions.

    Args:
        networks: Raw activations of each, on the same inputs; none where there are none.
        epsilons: (e,).

    Returns:
        For each layer (pairs, e).

    Source: the similarity is that of Wang et al. 2018 (arXiv:1810.11750), section 4.1, there of trained networks only.
    """
    return {
        layer: similarity(match_profiles([np.asarray(one.positions[layer], np.float64) for one in networks]), epsilons)
        for layer in (networks[0].positions if networks else ())
    }


def similarity(profiles: Sequence[MatchProfile], epsilons: np.ndarray) -> np.ndarray:
    """The similarity of some pairs at each ε, (pairs, e)."""
    joint = [np.concatenate(profile) for profile in profiles]
    return np.array([[reached(critical, epsilon).mean() for epsilon in epsilons] for critical in joint])
