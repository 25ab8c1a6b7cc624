"""Trained networks of a run as the tests of measures see them: every layer's maps, the answers, the classes."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh
from numpy.typing import NDArray

from jaxrepsim.data.dataset import Images
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.jobs import Job
from jaxrepsim.pipeline.passes.extraction import Subject
from jaxrepsim.pipeline.passes.forward import responses
from jaxrepsim.pipeline.run import Run

LOGITS = "logits"
INSIDE = ".conv1"
"""How the names of layers within a residual block end."""
Maps = Mapping[str, NDArray[np.float64]]
"""For each layer (images, side, side, units); the side of a dense layer is 1."""


class Answers(NamedTuple):
    """What one network makes of some images."""

    maps: Maps
    """Of the layers that are compared across layers."""
    last: NDArray[np.float64]
    """(images, units), the last layer before the logits."""
    logits: NDArray[np.float64]
    """(images, classes)."""


class Studied(NamedTuple):
    """The networks of a run, on the images of one split."""

    answers: list[Answers]
    """One a network."""
    labels: NDArray[np.int_]
    """The classes of the images."""


def studied(job: Job, view: Callable[[Maps], Maps], training: bool = False) -> Studied:
    """The networks of a run whose training is done.

    Args:
        job: The run.
        view: What is kept of the maps of each network; see `jaxrepsim.pipeline.validity.views`.
        training: On the training images, and not on those of the validation split.

    Raises:
        InputError: A network is not trained; a map is not square.
    """
    run = Run(job.config, RunFolder(job.folder))
    split = run.dataset.train if training else run.dataset.validation
    images, size = split.images[:], job.config.matching.batch_size
    answers = [_answers(run.subject(network), images, size, view) for network in run.trained()]
    return Studied(answers, np.asarray(split.labels[:], int))


def _answers(subject: Subject, images: Images, size: int, view: Callable[[Maps], Maps]) -> Answers:
    mesh = Mesh(np.array(jax.local_devices()), ("data",))
    parts = [
        {
            layer: np.asarray(values, np.float64)[: batch.stop - batch.first]
            for layer, values in batch.networks[0].items()
        }
        for batch in responses(mesh, [subject], images, size)
    ]
    every = {layer: _square(layer, np.concatenate([part[layer] for part in parts])) for layer in parts[0]}
    hidden = [layer for layer in every if layer != LOGITS]
    # A dense layer behind a map of as many units may be its mean: with pooled maps they would be one layer twice.
    compared = [layer for layer in hidden if not layer.endswith(INSIDE) and layer != "pool"]
    return Answers(view({layer: every[layer] for layer in compared}), pooled(every[hidden[-1]]), every[LOGITS][:, 0, 0])


def pooled(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    """(images, units): the mean over positions."""
    return maps.mean(axis=(1, 2))


def reduced(maps: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Every position of maps averaged over blocks down to a smaller side, a position a row.

    Args:
        maps: (images, own side, own side, units).
        side: A divisor of their own.

    Returns:
        (images · side², units).

    Raises:
        InputError: It is no divisor.

    >>> reduced(np.arange(16.0).reshape(1, 4, 4, 1), 2).ravel().tolist()
    [2.5, 4.5, 10.5, 12.5]
    """
    images, own, _, units = maps.shape
    if own % side:
        raise InputError(
            f"a map of {own} × {own} positions cannot be averaged to {side} × {side}: use pooled maps alone"
        )
    block = own // side
    return maps.reshape(images, side, block, side, block, units).mean(axis=(2, 4)).reshape(-1, units)


def _square(layer: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
    if values.ndim == 2:
        return values[:, None, None]
    if values.ndim != 4 or values.shape[1] != values.shape[2]:
        raise InputError(f"layer {layer!r} has maps of the shape {values.shape[1:]}: square ones are needed")
    return values
