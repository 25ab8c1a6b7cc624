"""The layers of a Flax NNX module.

`nnx.capture(method_outputs=...)` keeps outputs by module and not in the order of calls, and lets values out of the
transforms that they are under; so calls are seen here, and their outputs marked.
"""

from collections import OrderedDict
from functools import partial
from typing import Any

import jax
from flax import nnx

from jaxrepsim.frameworks.calls import calls_seen
from jaxrepsim.frameworks.names import named
from jaxrepsim.frameworks.network import Batch, Layer, Network, inference_arguments, traced_layers
from jaxrepsim.frameworks.recorded import marked_output, recorded


def outputs(module: nnx.Module, *args: Any, **kwargs: Any) -> tuple[Any, OrderedDict[str, jax.Array]]:
    """A module's output, and that of every module within it that is called.

    Under `jit`, `grad` and `vmap` this is part of their program. What a plain call would update in the module (batch
    statistics, counts of random numbers) is updated.

    Args:
        module: Any; in training or in inference mode as it is.
        *args: What it is called with.
        **kwargs: Likewise.

    Returns:
        The output, and the layers in the order in which their calls end: by attributes and indices joined by dots,
        `blocks.0.conv`; see `named` for one that is called twice. Of a tuple or mapping the first array counts. Calls
        within loops and branches, and within `nnx` transforms, which make modules anew, are not seen; where no other
        module is called, the module itself is one layer, by the name of its class.

    >>> list(outputs(nnx.Sequential(nnx.Linear(3, 2, rngs=nnx.Rngs(0)), nnx.relu), jax.numpy.ones((1, 3)))[1])
    ['layers.0']
    """
    definition, state = nnx.split(module)

    def run(state: Any, args: Any, kwargs: Any) -> Any:
        before = {path: each.get_value() for path, each in nnx.to_flat_state(state)}
        merged = nnx.merge(definition, state)
        modules = list(nnx.iter_modules(merged))
        paths = {id(each): ".".join(map(str, path)) for path, each in modules}
        with calls_seen(paths, [type(each) for _, each in modules], marked_output):
            output = merged(*args, **kwargs)
        # What has not changed may be of a trace in which it cannot be set.
        after = nnx.to_flat_state(nnx.state(merged))
        changed = [(path, each) for path, each in after if each.get_value() is not before[path]]
        return output, nnx.from_flat_state(changed)

    (output, updated), calls = recorded(run, state, args, kwargs)
    nnx.update(module, updated)
    within = [(path, value) for path, value in calls if path]
    return output, named(within or [(type(module).__name__, value) for _, value in calls])


def network(module: nnx.Module, variables: None = None) -> Network:
    """A copy of a module in inference mode.

    Args:
        module: Its copy is set to `eval`, and its call gets those arguments of `INFERENCE` that it has.
        variables: None.

    Returns:
        The network, jitted; a second one of an equal module is not compiled again. Channels are last.
    """
    copy = nnx.merge(*nnx.split(module))
    copy.eval()
    definition, state = nnx.split(copy)

    def layers(batch: Batch) -> OrderedDict[str, Layer]:
        def of(batch: Batch) -> OrderedDict[str, jax.Array]:
            return outputs(nnx.merge(definition, state), *batch.args, **batch.kwargs, **dict(options(batch)))[1]

        return traced_layers(of, lambda name: None, False, batch)

    def options(batch: Batch) -> tuple[tuple[str, Any], ...]:
        return inference_arguments(module.__call__, batch)

    def run(batch: Batch, names: tuple[str, ...]) -> OrderedDict[str, jax.Array]:
        return _run(definition, names, options(batch), state, batch)

    return Network(layers, run)


@partial(jax.jit, static_argnums=(0, 1, 2))
def _run(
    definition: Any, names: tuple[str, ...], options: tuple[tuple[str, Any], ...], state: Any, batch: Batch
) -> OrderedDict[str, jax.Array]:
    layers = outputs(nnx.merge(definition, state), *batch.args, **batch.kwargs, **dict(options))[1]
    return OrderedDict((name, layers[name]) for name in names)
