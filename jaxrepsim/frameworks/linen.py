"""The layers of a Flax Linen module."""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Any

import jax
from flax import linen as nn

from jaxrepsim.frameworks.names import first_array, named

_COLLECTION = "intermediates"


def outputs(
    module: nn.Module, variables: Any, *args: Any, mutable: Sequence[str] = (), rngs: Any = None, **kwargs: Any
) -> tuple[Any, OrderedDict[str, jax.Array], dict[str, Any]]:
    """A module's output, and that of every module within it that is called.

    Under `jit`, `grad` and `vmap` this is part of their program.

    Args:
        module: Any.
        variables: Its collections, such as `{"params": ..., "batch_stats": ...}`.
        *args: What it is called with.
        mutable: The collections that the call updates.
        rngs: As for `module.apply`.
        **kwargs: What it is called with, by name.

    Returns:
        The output; the layers in the order in which their calls end, by their paths joined by dots, `block.Conv_0`,
        see `named` for one that is called twice; and the updated collections. Of a tuple or mapping the first array
        counts. Of a module under `nn.scan` or `nn.vmap` there is what these give of intermediates. Where no other
        module is called, the module itself is one layer, by the name of its class.

    >>> dense = nn.Sequential([nn.Dense(2), nn.relu])
    >>> images = jax.numpy.ones((1, 3))
    >>> list(outputs(dense, dense.init(jax.random.key(0), images), images)[1])
    ['layers_0']
    """
    ended: list[tuple[str, ...]] = []

    def in_order(call: Any, args: Any, kwargs: Any, context: nn.module.InterceptorContext) -> Any:
        output = call(*args, **kwargs)
        if context.method_name == "__call__":
            ended.append(context.module.path)
        return output

    with nn.intercept_methods(in_order):
        output, updated = module.apply(
            variables, *args, mutable=[*mutable, _COLLECTION], rngs=rngs, capture_intermediates=True, **kwargs
        )
    updated = dict(updated)
    found = dict(_calls(updated.pop(_COLLECTION, {}), ()))
    met: Counter[tuple[str, ...]] = Counter()
    calls = []
    for path in ended:  # a transform may trace a module more often than it calls it
        if met[path] < len(found.get(path, ())):
            calls.append((path, first_array(found[path][met[path]])))
            met[path] += 1
    own = len(module.path) if module.scope is not None else 0
    within = [(".".join(path[own:]), array) for path, array in calls if len(path) > own]
    return output, named(within or [(type(module).__name__, array) for _, array in calls]), updated


def _calls(collected: Any, path: tuple[str, ...]) -> Any:
    for name, inner in collected.items():
        if name == "__call__":
            yield path, inner
        elif hasattr(inner, "items"):
            yield from _calls(inner, (*path, name))
