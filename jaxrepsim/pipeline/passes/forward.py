"""Networks run over images, batch by batch: one program for all networks, spread over devices."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from jaxrepsim.data.dataset import Images
from jaxrepsim.errors import InputError
from jaxrepsim.models.network import Network
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.shared_settings import MatchingConfig, chosen_layers
from jaxrepsim.training import normalise


class Subject(NamedTuple):
    """A network, and what it needs to see images as in its training.

    Fields:
        model: The architecture, whose call gives `(logits, activations)`.
        variables: The weights.
        mean: See `normalise`.
        std: See `normalise`.
    """

    model: Network
    variables: Any
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Responses(NamedTuple):
    """What networks answer to some images, on the devices.

    Fields:
        first: The index of the first image.
        stop: One more than that of the last.
        real: (size,), bool: which are no padding, for which the last image of all stands.
        networks: For each network its layers, in order: (size, ..., units).
    """

    first: int
    stop: int
    real: jax.Array
    networks: list[Mapping[str, jax.Array]]


def responses(
    mesh: Mesh, subjects: Sequence[Subject], images: Images, batch_size: int, before: bool = False
) -> Iterator[Responses]:
    """What networks answer to all images, in batches of one shape, so that what takes them is compiled once.

    Networks are run as they were trained, and not in float64, also where the caller is in it.

    Args:
        mesh: The devices, on one axis `data`; each gets as many images of a batch.
        subjects: The networks.
        images: (n, h, w, c).
        batch_size: Images a batch, rounded up to a multiple of the devices; n where that is less.
        before: See `forward`.

    Yields:
        The batches, in order.
    """
    size = -(-min(batch_size, len(images)) // mesh.size) * mesh.size
    weights = [replicated(mesh, subject.variables) for subject in subjects]
    for first in range(0, len(images), size):
        index = np.arange(first, first + size)
        with enable_x64(False):
            pixels = _pixels(mesh, images, np.minimum(index, len(images) - 1))
            found = [
                forward(mesh, subject.model, variables, pixels, subject.mean, subject.std, before)
                for subject, variables in zip(subjects, weights, strict=True)
            ]
        real = placed(mesh, P("data"), index < len(images))
        yield Responses(first, min(first + size, len(images)), real, found)


def _pixels(mesh: Mesh, images: Images, taken: np.ndarray) -> jax.Array:
    def read(part: Any) -> np.ndarray:  # streamed images too: each process reads those of its own devices
        return images[taken[part[0]]]

    return jax.make_array_from_callback((len(taken), *images.shape[1:]), NamedSharding(mesh, P("data")), read)


@partial(jax.jit, static_argnames=("mesh", "model", "mean", "std", "before"))
def forward(
    mesh: Mesh,
    model: Network,
    variables: Any,
    images: jax.Array,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    before: bool = False,
) -> Any:
    """The activations of a batch. Compiled once for all networks: their weights are arguments.

    Args:
        mesh: The devices.
        model: A network whose call gives `(logits, activations)`.
        variables: Its variables, on every device.
        images: (size, h, w, c), raw pixels, spread over the devices.
        mean: See `normalise`.
        std: See `normalise`.
        before: Whether the activations are those before the nonlinearity of each layer; for models whose call knows
            `before`.

    Returns:
        For each layer, in order, (size, ..., units).
    """
    options: dict[str, Any] = {"before": True} if before else {}

    def local(variables: Any, images: jax.Array) -> Any:
        return model.apply(variables, normalise(images, mean, std), train=False, **options)[1]

    return jax.shard_map(local, mesh=mesh, in_specs=(P(), P("data")), out_specs=P("data"))(variables, images)


def wanted(maps: Mapping[str, jax.Array], config: MatchingConfig) -> dict[str, jax.Array]:
    """The layers that the settings ask for, in the order of the network.

    Raises:
        InputError: A layer does not exist.
    """
    return {layer: maps[layer] for layer in chosen_layers(list(maps), config.layers)}


def check_counts(faults: Mapping[str, Sequence[jax.Array]], networks: Sequence[str], first: int, stop: int) -> None:
    """Checks that no activation of a batch is NaN or infinite.

    Args:
        faults: For each layer, for each network, (units,): how many of each unit's activations are not finite.
        networks: Their names, for the error.
        first: The index of the first image, for the error.
        stop: One more than that of the last.

    Raises:
        InputError: Names network, layer, unit and images.
    """
    for layer, by_network in faults.items():
        for network, by_unit in zip(networks, by_network, strict=True):
            counts = np.asarray(by_unit)
            if counts.any():
                units = np.flatnonzero(counts)
                more = f"; {units.size - 1} other units are affected too" if units.size > 1 else ""
                raise InputError(
                    f"{network}, layer {layer!r}, unit {units[0]}: {counts[units[0]]} activations on the images "
                    f"{first} to {stop - 1} are NaN or infinite{more}"
                )


def placed(mesh: Mesh, spec: P, values: np.ndarray) -> jax.Array:
    """An array over all processes, of which each holds the whole and puts its part on its devices."""
    return jax.make_array_from_callback(values.shape, NamedSharding(mesh, spec), lambda index: values[index])


def replicated(mesh: Mesh, variables: Any) -> Any:
    """A network's variables on every device."""
    return jax.tree.map(lambda leaf: placed(mesh, P(), np.asarray(leaf)), variables)
