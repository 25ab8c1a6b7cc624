"""What is asked of a model, whatever its framework."""

import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax

from jaxrepsim.frameworks.channel_axis import channel_axes
from jaxrepsim.frameworks.names import without_repeats

INFERENCE = {
    "train": False,
    "training": False,
    "is_training": False,
    "deterministic": True,
    "use_running_average": True,
}
"""Arguments of a module's call that mean inference, and their values."""


class Batch(NamedTuple):
    """A model's arguments for some inputs.

    Fields:
        args: Arrays with the inputs along the first axis.
        kwargs: Likewise, by name.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Layer(NamedTuple):
    """What a layer gives, before anything is computed.

    Fields:
        output: What has the shape and dtype of its output, or the output itself where it is no array.
        channels: The axis of its units.
        first: The layer that gave the very same array first: mostly itself.
    """

    output: Any
    channels: int
    first: str


class Network(NamedTuple):
    """A model in inference mode.

    Fields:
        layers: Of a batch: all layers, in the order in which their calls end.
        run: Of a batch and some layers' names: their outputs, on a device or the host.
        mapping: Whether the model named its layers itself, so that each must be usable.
    """

    layers: Callable[[Batch], OrderedDict[str, Layer]]
    run: Callable[[Batch, tuple[str, ...]], Mapping[str, Any]]
    mapping: bool = False


def described(
    outputs: Mapping[str, Any], kinds: Mapping[str, Any], channels_first: bool, same: Mapping[str, object] | None = None
) -> OrderedDict[str, Layer]:
    """Layers, of their outputs.

    Args:
        outputs: By name, in order; arrays may be traced.
        kinds: For each layer whose module is known, that module.
        channels_first: The framework's maps are (N, C, H, W).
        same: For each layer an object that is shared by those that give the same array; by default the outputs.

    Returns:
        Without the arrays themselves.
    """
    same = outputs if same is None else same
    names = set(without_repeats(same))
    first = {id(same[name]): name for name in outputs if name in names}
    axes = channel_axes({name: (kinds.get(name), getattr(each, "shape", ())) for name, each in outputs.items()})
    return OrderedDict(
        (
            name,
            Layer(
                jax.ShapeDtypeStruct(each.shape, each.dtype) if isinstance(each, jax.Array) else each,
                axes[name] if channels_first else -1,
                first[id(same[name])],
            ),
        )
        for name, each in outputs.items()
    )


def traced_layers(
    outputs: Callable[[Batch], Mapping[str, Any]], kinds: Callable[[str], Any], channels_first: bool, batch: Batch
) -> OrderedDict[str, Layer]:
    """Layers of a function of JAX, which is traced and not run.

    Args:
        outputs: Their outputs by name.
        kinds: The module of a layer.
        channels_first: See `described`.
        batch: What it is called with.

    Returns:
        All layers.
    """
    found: OrderedDict[str, Layer] = OrderedDict()

    def trace(batch: Batch) -> None:
        layers = outputs(batch)
        found.update(described(layers, {name: kinds(name) for name in layers}, channels_first))

    jax.eval_shape(trace, batch)
    return found


def inference_arguments(
    call: Callable[..., Any], batch: Batch, values: Mapping[str, Any] = INFERENCE
) -> tuple[tuple[str, Any], ...]:
    """What else a call takes that means inference.

    Args:
        call: Of a module.
        batch: The arguments that it gets anyway.
        values: Names of arguments, and their values.

    Returns:
        Name and value of those that the signature has and the batch does not give.

    >>> def call(images, train):
    ...     return images
    >>> inference_arguments(call, Batch((1,), {})), inference_arguments(call, Batch((1, True), {}))
    ((('train', False),), ())
    """
    taken = list(inspect.signature(call).parameters)[len(batch.args) :]
    return tuple((name, values[name]) for name in values if name in taken and name not in batch.kwargs)
