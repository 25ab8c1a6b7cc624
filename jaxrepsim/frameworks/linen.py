"""The layers of a Flax Linen module."""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
from flax import linen as nn
from flax.errors import InvalidRngError

from jaxrepsim.errors import InputError
from jaxrepsim.frameworks.names import first_array, named
from jaxrepsim.frameworks.network import Batch, Layer, Network, inference_arguments, traced_layers

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


def network(module: nn.Module, variables: Any) -> Network:
    """A module in inference mode.

    Args:
        module: Its call gets those arguments of `INFERENCE` that it has; where it has none, and is in training mode by
            its attributes, that shows in its activations.
        variables: Its collections.

    Returns:
        The network, jitted; a second one of an equal module is not compiled again. Channels are last.

    Raises:
        InputError: There are no variables.
    """
    if variables is None:
        raise InputError(
            f"the weights of a Flax Linen module are apart from it: capture({type(module).__name__}(...), inputs, "
            'variables={"params": ..., "batch_stats": ...}), what `init` gave and training changed'
        )
    static = _static(module)

    def layers(batch: Batch) -> OrderedDict[str, Layer]:
        options = _options(module, batch)

        def of(batch: Batch) -> OrderedDict[str, jax.Array]:
            return _layers(module, variables, batch, options)

        try:
            return traced_layers(of, lambda name: None, False, batch)
        except InvalidRngError as error:
            raise InputError(
                f"the model draws random numbers: dropout or the like is in training mode; put it in inference mode "
                f"(deterministic=True). Flax says: {error}"
            ) from error

    def run(batch: Batch, names: tuple[str, ...]) -> OrderedDict[str, jax.Array]:
        return _run(static, names, _options(module, batch), variables, batch)

    return Network(layers, run)


class _Same(NamedTuple):
    """A module that cannot be hashed, in the place of one that can."""

    module: Any

    def __hash__(self) -> int:
        return id(self.module)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.module is self.module


def _static(module: nn.Module) -> nn.Module | _Same:
    try:
        hash(module)
    except TypeError:
        return _Same(module)
    return module


@partial(jax.jit, static_argnums=(0, 1, 2))
def _run(
    static: Any, names: tuple[str, ...], options: tuple[tuple[str, Any], ...], variables: Any, batch: Batch
) -> OrderedDict[str, jax.Array]:
    module = static.module if isinstance(static, _Same) else static
    layers = _layers(module, variables, batch, options)
    return OrderedDict((name, layers[name]) for name in names)


def _layers(
    module: nn.Module, variables: Any, batch: Batch, options: tuple[tuple[str, Any], ...]
) -> OrderedDict[str, jax.Array]:
    # What is in training mode updates its statistics: so it runs, and shows in the activations.
    mutable = [name for name in variables if name != "params"]
    return outputs(module, variables, *batch.args, mutable=mutable, **batch.kwargs, **dict(options))[1]


def _options(module: nn.Module, batch: Batch) -> tuple[tuple[str, Any], ...]:
    """The arguments of a call that mean inference; Flax refuses those that are attributes too."""
    own = inference_arguments(type(module).__call__, batch._replace(args=(None, *batch.args)))
    return tuple((name, value) for name, value in own if getattr(module, name, None) is None)
