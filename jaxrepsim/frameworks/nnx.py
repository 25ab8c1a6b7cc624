"""The layers of a Flax NNX module.

`nnx.capture(method_outputs=...)` keeps outputs by module and not in the order of calls, and lets values out of the
transforms that they are under; so calls are seen here, and their outputs marked.
"""

from collections import OrderedDict
from typing import Any

import jax
from flax import nnx

from jaxrepsim.frameworks.calls import calls_seen
from jaxrepsim.frameworks.names import first_array, named
from jaxrepsim.frameworks.recorded import mark, recorded


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
        merged = nnx.merge(definition, state)
        modules = list(nnx.iter_modules(merged))
        paths = {id(each): ".".join(map(str, path)) for path, each in modules}
        with calls_seen(paths, [type(each) for _, each in modules], _marked):
            output = merged(*args, **kwargs)
        return output, nnx.state(merged)

    (output, updated), calls = recorded(run, state, args, kwargs)
    nnx.update(module, updated)
    within = [(path, value) for path, value in calls if path]
    return output, named(within or [(type(module).__name__, value) for _, value in calls])


def _marked(path: str, output: Any) -> Any:
    array = first_array(output)
    if not isinstance(array, jax.Array):
        return output
    known = mark(path, array)
    return jax.tree.map(lambda leaf: known if leaf is array else leaf, output)
