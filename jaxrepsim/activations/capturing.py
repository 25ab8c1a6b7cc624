"""A model of any framework run over inputs, batch by batch: which layers, in what layout, and whether it is itself."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxrepsim.activations.units import as_floating, as_units
from jaxrepsim.errors import InputError, unknown
from jaxrepsim.frameworks import Batch, Layer, Network, chosen, network_of, on_host

Channels = int | Mapping[str, int]
"""The axis of the units: of all layers, or by layer or glob."""


class Capturing(NamedTuple):
    """A model, the inputs that it is to see, and the layers that are wanted.

    Fields:
        network: The model.
        inputs: All arguments, on the host.
        size: How many inputs make a batch.
        first: The first batch.
        axes: For each wanted layer, in order, the axis of its units.
        shapes: For each wanted layer, the shape of a batch of its output.
        dtypes: For each wanted layer, the dtype that it is computed in.
    """

    network: Network
    inputs: Batch
    size: int
    first: Batch
    axes: OrderedDict[str, int]
    shapes: dict[str, tuple[int, ...]]
    dtypes: dict[str, np.dtype]

    @property
    def arrays(self) -> list[np.ndarray]:
        """All inputs, an array for each argument."""
        return _arrays(self.inputs)

    @property
    def total(self) -> int:
        """How many inputs there are."""
        return len(self.arrays[0])

    def positions(self, layer: str) -> int:
        """How many samples of a unit of a layer an input gives."""
        shape = self.shapes[layer]
        return int(np.prod(shape)) // (shape[0] * shape[self.axes[layer]])

    def units(self, layer: str) -> int:
        """How many units a layer has."""
        return self.shapes[layer][self.axes[layer]]

    def batches(self) -> Iterator[tuple[int, int, Mapping[str, Any]]]:
        """Each batch: the index of its first input, how many inputs it has, and its layers as the network gives them.

        All are of one size, so that a model is compiled once: the last input stands for what is missing at the end.

        Raises:
            InputError: What an input gives depends on the others of its batch.
        """
        names = tuple(self.axes)
        for first in range(0, self.total, self.size):
            batch = self.first if first == 0 else _batch(self.inputs, first, self.size)
            layers = self.network.run(batch, names)
            if first == 0:
                self._check_alone(layers)
            yield first, min(self.size, self.total - first), layers

    def _check_alone(self, layers: Mapping[str, Any]) -> None:
        """Checks that an input gives the same in other company and at another place of the batch."""
        if self.size < 2:
            return
        half = self.size // 2
        places = np.full(self.size, 0)
        places[self.size - half :] = np.arange(half)[::-1]
        other = self.network.run(_changed(self.inputs, lambda array: array[places]), tuple(self.axes))
        for layer, before in layers.items():
            again = on_host(other[layer])[self.size - half :][::-1]
            once = on_host(before)[:half]
            exact = jnp.finfo(once.dtype).bits >= 32 if jnp.issubdtype(once.dtype, jnp.floating) else True
            once, again = once.astype(np.float64), again.astype(np.float64)
            if not (np.isfinite(once).all() and np.isfinite(again).all()):  # what is not finite is said with its place
                continue
            if np.linalg.norm(again - once) > (1e-3 if exact else 5e-2) * np.linalg.norm(once):
                raise InputError(
                    f"layer {layer!r} gives other activations of an input when the rest of its batch is another: batch "
                    "normalisation or dropout is in training mode, or random numbers are drawn. Put the model in "
                    "inference mode (train=False, deterministic=True, use_running_average=True)"
                )


def begun(
    model: Any,
    inputs: Any,
    layers: str | Sequence[str],
    batch_size: int,
    variables: Any,
    channels: Channels | None,
) -> Capturing:
    """What `capture` is asked for, checked, with nothing run that takes long.

    Args:
        model: See `capture`.
        inputs: See `capture`.
        layers: See `capture`.
        batch_size: See `capture`.
        variables: See `capture`.
        channels: See `capture`.

    Returns:
        The model with its inputs and the layers that are wanted.

    Raises:
        InputError: As `capture`.
    """
    network = network_of(model, variables)
    arguments = _arguments(inputs)
    lengths = list(map(len, _arrays(arguments)))
    if len(set(lengths)) != 1:
        raise InputError(f"the inputs of a model must have the same length; received {' and '.join(map(str, lengths))}")
    if lengths[0] == 0 or batch_size < 1:
        raise InputError(f"cannot capture activations of {lengths[0]} inputs in batches of {batch_size}")
    size = min(batch_size, lengths[0])
    first = _batch(arguments, 0, size)
    found = network.layers(first)
    names = _wanted(found, [layers] if isinstance(layers, str) else list(layers), size, network.mapping)
    axes = _axes(found, names, channels)
    shapes = {name: tuple(found[name].output.shape) for name in names}
    dtypes = {name: as_floating(name, _dtype(found[name].output)) for name in names}
    return Capturing(network, arguments, size, first, axes, shapes, dtypes)


def flattened(values: Any, layer: str, axis: int) -> Any:
    """A layer's output as (samples, units).

    Args:
        values: Of NumPy or JAX, also traced.
        layer: Its name, for errors.
        axis: Of the units.

    Returns:
        An array of the same kind.
    """
    order = [each for each in range(values.ndim) if each != axis % values.ndim] + [axis % values.ndim]
    return as_units(values.transpose(order), layer)


def _arguments(inputs: Any) -> Batch:
    if isinstance(inputs, Mapping):
        return Batch((), {str(name): on_host(array) for name, array in inputs.items()})
    return Batch(tuple(map(on_host, inputs)) if isinstance(inputs, tuple) else (on_host(inputs),), {})


def _arrays(inputs: Batch) -> list[np.ndarray]:
    arrays = [*inputs.args, *inputs.kwargs.values()]
    if not arrays or any(array.ndim == 0 for array in arrays):
        raise InputError("a model's inputs are an array (n, ...), or a tuple or dict of such for several arguments")
    return arrays


def _changed(batch: Batch, function: Any) -> Batch:
    return Batch(tuple(map(function, batch.args)), {name: function(array) for name, array in batch.kwargs.items()})


def _batch(inputs: Batch, first: int, size: int) -> Batch:
    def of(array: np.ndarray) -> np.ndarray:
        part = array[first : first + size]
        missing = size - len(part)
        return np.concatenate([part, np.repeat(part[-1:], missing, axis=0)]) if missing else part

    return _changed(inputs, of)


def _dtype(output: Any) -> np.dtype:
    """That of NumPy; of PyTorch's by name."""
    name = str(output.dtype).removeprefix("torch.")
    return np.dtype(np.float32) if name == "bfloat16" else np.dtype(name)


def _wanted(found: Mapping[str, Layer], globs: Sequence[str], size: int, mapping: bool) -> list[str]:
    """The names of the layers that globs choose, each array once, without those that cannot be used."""
    if not found:
        raise InputError("the model calls no layer that could be seen: give a callable that returns them by name")
    names = chosen(list(found), globs)
    faults = {name: fault for name in names if (fault := _fault(name, found[name].output, size))}
    if mapping and faults:
        raise InputError(next(iter(faults.values())))
    usable = [name for name in names if name not in faults]
    for glob in globs:
        if not any(fnmatchcase(name, glob) for name in usable):
            raise InputError(next(fault for name, fault in faults.items() if fnmatchcase(name, glob)))
    return [name for name in usable if found[name].first == name or found[name].first not in usable]


def _fault(layer: str, output: Any, size: int) -> str | None:
    if not (hasattr(output, "shape") and hasattr(output, "dtype")):
        return f"layer {layer!r} gives {type(output).__name__}, not an array"
    shape = tuple(output.shape)
    if shape[:1] != (size,):
        return (
            f"layer {layer!r} has activations of shape {shape} for {size} inputs; the first axis must be that of the "
            "inputs"
        )
    if not 2 <= len(shape) <= 5:
        return f"layer {layer!r} has activations of shape {shape}; they must be (N, C), (N, L, C) or maps (N, H, W, C)"
    return None


def _axes(found: Mapping[str, Layer], names: Sequence[str], channels: Channels | None) -> OrderedDict[str, int]:
    axes: OrderedDict[str, int] = OrderedDict((name, found[name].channels) for name in names)
    said = {} if channels is None else {"*": channels} if isinstance(channels, int) else channels
    for glob, axis in said.items():
        if not any(fnmatchcase(name, glob) for name in found):
            raise unknown("layer", glob, found)
        for name in names:
            shape = tuple(found[name].output.shape)
            if not fnmatchcase(name, glob) or (isinstance(channels, int) and len(shape) == 2):
                continue
            if not -len(shape) < axis < len(shape) or axis == 0:
                raise InputError(f"layer {name!r} has shape {shape}: its channels cannot be on axis {axis}")
            axes[name] = axis
    return axes
