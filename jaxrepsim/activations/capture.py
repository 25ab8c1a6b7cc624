"""The activations of a model of any framework, layer by layer, on many inputs."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxrepsim.activations.capturing import Channels, begun, flattened
from jaxrepsim.activations.units import check_finite
from jaxrepsim.data.progress import Progress, asked
from jaxrepsim.frameworks import on_host


def capture(
    model: Any,
    inputs: Any,
    *,
    layers: str | Sequence[str] = "*",
    batch_size: int = 256,
    variables: Any = None,
    channels: Channels | None = None,
    progress: bool | Progress = True,
) -> OrderedDict[str, np.ndarray]:
    """Runs a model over inputs and gathers the activations of its layers.

    The model is run in inference mode, and stays as it is: PyTorch modules in `eval` mode without gradients, each
    module's mode restored afterwards; copies of NNX and Equinox modules in `eval` and `inference_mode`; calls of Linen,
    NNX and Equinox modules get `train=False`, `deterministic=True` and the like where their signature has them. What
    is not reached so is found: half of the first batch is run once more in other company, and must give the same.

    A layer is a module that the model calls, by the framework's own path (`block1.conv`, `layers.0`, `Dense_0`), in the
    order in which calls end. One that is called twice is `name:0` and `name:1`. Of an output that is a tuple or a
    mapping the first array counts. An array that several modules give (a `Sequential` that of its last layer) is
    listed once. Calls within loops and branches of JAX are not seen.

    Args:
        model: A module of Flax NNX, Flax Linen, Equinox (of one example) or PyTorch; or a callable, run as it is, that
            returns a mapping of layers to activations, or a pair of its output and such a mapping. `jit` sorts the
            keys of a plain dict; an OrderedDict keeps its order.
        inputs: (n, ...), an array of NumPy, JAX or PyTorch; a tuple or dict of such for a model that takes several, by
            place or by name. Integers, such as tokens, stay integers.
        layers: A glob or several, each for whole names, `"block*.conv"`. By default all whose output is an array with
            the inputs along its first axis.
        batch_size: How many inputs at a time; batches are all of one size, so that a model compiles once. It does not
            change the result.
        variables: Of a Linen module its collections, `{"params": ...}`; of an Equinox module its state.
        channels: The axis of the units where it is another than the framework's: for all layers, or by layer or glob.
            Flax and callables have channels last. Equinox and PyTorch have (N, C, H, W); of three axes (N, C, L) in
            what convolutions, pooling, batch and group norms give, else (N, L, C); activations, dropout and
            containers are laid out as the last output of their shape before them.
        progress: Whether to tell on stderr how far it is, where it takes more than two seconds; or what to call
            instead, as `progress(what, done, total)`.

    Returns:
        For each layer in order `(samples, units)`, in floating point of 32 bits, or of 64 if the model's is; see
        `as_floating`. Each position of a map, `(n·h·w, channels)`, and each token, `(n·l, channels)`, is one sample.

    Raises:
        InputError: The model is of no framework known here, or lacks `variables`; a glob is that of no layer, or only
            of such that give no activations; inputs are not equally many; an activation is NaN or infinite (it names
            layer, unit and sample); or an input's activations depend on the rest of its batch.

    >>> def model(images):
    ...     hidden = images.reshape(len(images), -1)[:, :2]
    ...     return hidden, OrderedDict(map=images, hidden=hidden)
    >>> {name: units.shape for name, units in capture(model, np.zeros((5, 2, 2, 3)), batch_size=2).items()}
    {'map': (20, 3), 'hidden': (5, 2)}
    """
    capturing = begun(model, inputs, layers, batch_size, variables, channels)
    report = asked(progress)
    gathered = OrderedDict(
        (layer, np.empty((capturing.total * capturing.positions(layer), capturing.units(layer)), dtype))
        for layer, dtype in capturing.dtypes.items()
    )
    for first, count, found in capturing.batches():
        for layer, axis in capturing.axes.items():
            positions = capturing.positions(layer)
            values = flattened(on_host(found[layer])[:count], layer, axis)
            gathered[layer][first * positions : (first + count) * positions] = values
        report("capturing activations", first + count, capturing.total)
    for layer, values in gathered.items():
        check_finite(layer, values)
    return gathered
