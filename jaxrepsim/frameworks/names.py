"""The names of layers: a framework's own paths, in the order in which calls end."""

from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from jaxrepsim.errors import unknown

ValueT = TypeVar("ValueT")


def named(calls: Iterable[tuple[str, ValueT]]) -> OrderedDict[str, ValueT]:
    """What each call gave, by the name of its layer.

    Args:
        calls: Path and output of each call, in the order in which they ended.

    Returns:
        The outputs in the same order; those of a layer that is called more than once by `path:0`, `path:1`, ….

    >>> list(named([("conv", 1), ("relu", 2), ("relu", 3)]))
    ['conv', 'relu:0', 'relu:1']
    """
    calls = list(calls)
    times = Counter(path for path, _ in calls)
    met: Counter[str] = Counter()
    layers: OrderedDict[str, ValueT] = OrderedDict()
    for path, output in calls:
        layers[f"{path}:{met[path]}" if times[path] > 1 else path] = output
        met[path] += 1
    return layers


def matches(layer: str, globs: Collection[str]) -> bool:
    """Whether one of the globs is that of a layer; `*` stands for dots too.

    >>> matches("block1.conv", ["block*.conv"]), matches("head", ["block*"])
    (True, False)
    """
    return any(fnmatchcase(layer, glob) for glob in globs)


def chosen(layers: Collection[str], globs: Sequence[str]) -> list[str]:
    """The layers that globs choose.

    Args:
        layers: The names of all.
        globs: As for `fnmatch`.

    Returns:
        Those chosen, in the order of `layers`.

    Raises:
        InputError: A glob is that of no layer; it tells the nearest name.

    >>> chosen(["block1.conv", "block1.relu", "head"], ["head", "block*.conv"])
    ['block1.conv', 'head']
    """
    for glob in globs:
        if not any(fnmatchcase(layer, glob) for layer in layers):
            raise unknown("layer", glob, layers)
    return [layer for layer in layers if matches(layer, globs)]


def without_repeats(layers: Mapping[str, object]) -> list[str]:
    """The names of layers, each array once: under that of the call which gave it first.

    A container such as `Sequential` gives what its last layer gave, and dropout in inference what it was given.

    Args:
        layers: The outputs by name, in the order in which calls ended.

    Returns:
        The names in order, less those of outputs that are one and the same object as that of an earlier name.

    >>> last = object()
    >>> without_repeats({"block.conv": object(), "block.relu": last, "block": last})
    ['block.conv', 'block.relu']
    """
    first: dict[int, str] = {}
    return [layer for layer, output in layers.items() if first.setdefault(id(output), layer) == layer]


def first_array(output: Any) -> Any:
    """The array that counts as the output of a layer which gives several values.

    Transformer blocks return their hidden state first of a tuple, recurrent layers their outputs before their states,
    and layers with a state their output before it.

    Args:
        output: What a call gave.

    Returns:
        The first array in tuples, lists and mappings, themselves first in what holds them; the output itself where
        there is none.

    >>> import numpy as np
    >>> first_array((np.ones(3), None)).shape, first_array({"hidden": np.ones(2)}).shape, first_array("text")
    ((3,), (2,), 'text')
    """
    inner = output
    while isinstance(inner, (tuple, list, Mapping)) and inner:
        inner = next(iter(inner.values())) if isinstance(inner, Mapping) else inner[0]
    return inner if hasattr(inner, "shape") and hasattr(inner, "dtype") else output


def layer_path(layer: str) -> str:
    """The path of a layer's module: its name without the number of the call.

    >>> layer_path("block.relu:1"), layer_path("block.conv")
    ('block.relu', 'block.conv')
    """
    path, _, call = layer.rpartition(":")
    return path if path and call.isdecimal() else layer
