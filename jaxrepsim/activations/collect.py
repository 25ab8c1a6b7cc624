"""The activations of a network, layer by layer, on many images."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np

from jaxrepsim._typing import Array
from jaxrepsim.activations.units import as_floating, as_units, check_finite
from jaxrepsim.data.progress import Progress, patient
from jaxrepsim.errors import InputError, unknown

Apply = Callable[[Any], tuple[Any, Mapping[str, Any]]]
"""`apply(images) -> (logits, {layer name: activations})`, jitted or not; normalising the images is its own affair."""


def collect(
    apply: Apply,
    images: np.ndarray | Array,
    batch_size: int = 256,
    layers: Collection[str] | None = None,
    progress: Progress | None = None,
    layouts: Mapping[str, str] | None = None,
) -> OrderedDict[str, np.ndarray]:
    """Runs a model over images and gathers the activations of its layers.

    Args:
        apply: The model: `apply(images) -> (logits, {layer: activations})`, with activations `(N, C)`, `(N, L, C)`
            (each token one sample) or `(N, H, W, C)`; or as `layouts` say. It always sees batches of one size, so it
            compiles once.
        images: `(N, ...)`, handed to `apply` as they are.
        batch_size: How many images at a time. It must not matter to the result: a model with batch normalisation has
            to be in inference mode.
        layers: Names of the layers to keep; all by default.
        progress: Called as `progress(what, done, total)` where it takes more than two seconds.
        layouts: For each layer whose channels are not last, its layout, one of `LAYOUTS`: "NCHW".

    Returns:
        For each layer, in the order in which `apply` returns them, `(samples, units)` in floating point of 32 bits, or
        of 64 if the model's is; see `as_floating`. `jit` sorts the keys of a plain dict; a model that returns an
        OrderedDict keeps its order.

    Raises:
        InputError: A layer does not exist, an activation is NaN or infinite, or `apply` returns something else than
            the above.

    >>> def model(images):
    ...     hidden = images.reshape(len(images), -1)[:, :2]
    ...     return hidden, OrderedDict(map=images, hidden=hidden)
    >>> {name: units.shape for name, units in collect(model, np.zeros((5, 2, 2, 3)), batch_size=2).items()}
    {'map': (20, 3), 'hidden': (5, 2)}
    """
    gathered: OrderedDict[str, np.ndarray] = OrderedDict()
    report = patient(progress)
    for first, count, maps in _batches(apply, images, batch_size, layers):
        for layer, activations in maps.items():
            values = as_units(np.asarray(activations)[:count], layer, (layouts or {}).get(layer))
            positions = len(values) // count
            if layer not in gathered:
                shape = (len(images) * positions, values.shape[1])
                gathered[layer] = np.empty(shape, as_floating(layer, values.dtype))
            gathered[layer][first * positions : (first + count) * positions] = values
        report("collecting activations", first + count, len(images))
    for layer, values in gathered.items():
        check_finite(layer, values)
    return gathered


def collect_batches(
    apply: Apply,
    images: np.ndarray | Array,
    batch_size: int = 256,
    layers: Collection[str] | None = None,
    layouts: Mapping[str, str] | None = None,
) -> Iterator[tuple[int, int, OrderedDict[str, Any]]]:
    """The same as `collect`, a batch at a time, for activations that do not fit in memory.

    Args:
        apply: As for `collect`.
        images: As for `collect`.
        batch_size: As for `collect`.
        layers: As for `collect`.
        layouts: As for `collect`.

    Yields:
        The index of the batch's first image, the number of its images, and its `(samples, units)` for each layer,
        as `apply` returned them: still on the device, not checked for NaN.

    Raises:
        InputError: As for `collect`.
    """
    for first, count, maps in _batches(apply, images, batch_size, layers):
        units = {name: as_units(values[:count], name, (layouts or {}).get(name)) for name, values in maps.items()}
        yield first, count, OrderedDict(units)


def _batches(
    apply: Apply, images: np.ndarray | Array, batch_size: int, layers: Collection[str] | None
) -> Iterator[tuple[int, int, OrderedDict[str, Any]]]:
    """First image, number of images, and what `apply` returns, with rows for the padding at the end."""
    if len(images) == 0 or batch_size < 1:
        raise InputError(f"cannot collect activations of {len(images)} images in batches of {batch_size}")
    batch_size = min(batch_size, len(images))
    for first in range(0, len(images), batch_size):
        batch = np.asarray(images[first : first + batch_size])
        count = len(batch)
        if count < batch_size:  # padded with the last image, so that the model is not compiled for one more size
            batch = np.concatenate([batch, np.repeat(batch[-1:], batch_size - count, axis=0)])
        yield first, count, _selected(apply(batch), layers, batch_size)


def _selected(returned: Any, layers: Collection[str] | None, batch_size: int) -> OrderedDict[str, Any]:
    if not isinstance(returned, tuple) or len(returned) != 2 or not isinstance(returned[1], Mapping):
        raise InputError(
            f"the model returned {type(returned).__name__}; needed is a pair of logits and a mapping of layer names to"
            " activations"
        )
    maps = returned[1]
    for layer in layers or ():
        if layer not in maps:
            raise unknown("layer", layer, maps)
    selected = OrderedDict((name, values) for name, values in maps.items() if layers is None or name in layers)
    for layer, activations in selected.items():
        if activations.shape[:1] != (batch_size,):
            raise InputError(
                f"layer {layer!r} has activations of shape {activations.shape} for {batch_size} images; the first axis"
                " must be that of the images"
            )
    return selected
