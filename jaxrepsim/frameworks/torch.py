"""The layers of a PyTorch module, by forward hooks."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from jaxrepsim.frameworks.names import first_array, layer_path, named
from jaxrepsim.frameworks.network import Batch, Layer, Network, described
from jaxrepsim.frameworks.on_host import on_host

Call = tuple[str, Any]


def network(model: Any, variables: None = None) -> Network:
    """A module as it is in evaluation mode, without gradients.

    Args:
        model: Any `torch.nn.Module`. Its hooks are removed and the mode of each of its modules is restored after every
            batch, also after errors. Inputs go to the device of its first parameter, floating-point ones in its dtype.
        variables: None.

    Returns:
        The network. Layers have the names of `named_modules`. See `channel_axes` for where their channels are.
    """
    modules = dict(model.named_modules())

    def layers(batch: Batch) -> OrderedDict[str, Layer]:
        identities: dict[tuple[int, int], object] = {}
        alive = []  # so that no two tensors have one id

        def described_call(output: Any) -> tuple[Any, object]:
            array = first_array(output)
            alive.append(array)
            state = (id(array), getattr(array, "_version", 0))  # what is changed in place is another output
            return array, identities.setdefault(state, object())

        calls = named(_called(model, modules, _tensors(model, batch), lambda path: True, described_call))
        kinds = {name: modules.get(layer_path(name), model) for name in calls}
        outputs = OrderedDict((name, array) for name, (array, _) in calls.items())
        same = {name: identity for name, (_, identity) in calls.items()}
        return described(outputs, kinds, channels_first=True, same=same)

    def run(batch: Batch, names: tuple[str, ...]) -> OrderedDict[str, np.ndarray]:
        paths = {layer_path(name) for name in names}
        # Copied at once: a later layer may change them in place.
        calls = named(_called(model, modules, _tensors(model, batch), paths.__contains__, _copied))
        return OrderedDict((name, calls[name]) for name in names)

    return Network(layers, run)


def _copied(output: Any) -> np.ndarray:
    return np.array(on_host(first_array(output)))


def _called(
    model: Any, modules: dict[str, Any], batch: Batch, wanted: Callable[[str], bool], kept: Callable[[Any], Any]
) -> list[Call]:
    """Path of each call and what is kept of its output; of calls that are not wanted, None."""
    torch = import_module("torch")
    calls: list[Call] = []
    own: list[Call] = []
    name = type(model).__name__

    def hook(path: str) -> Callable[[Any, Any, Any], None]:
        def ended(module: Any, args: Any, output: Any) -> None:
            if path:
                calls.append((path, kept(output) if wanted(path) else None))
            elif not calls:
                own.append((name, kept(output)))

        return ended

    handles = [module.register_forward_hook(hook(path)) for path, module in modules.items()]
    try:
        with _evaluating(model), torch.no_grad():
            model(*batch.args, **batch.kwargs)
    finally:
        for handle in handles:
            handle.remove()
    return calls or own


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    before = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in before:
            module.training = training


def _tensors(model: Any, batch: Batch) -> Batch:
    torch = import_module("torch")
    first = next(iter(model.parameters()), None)

    def tensor(array: np.ndarray) -> Any:
        known = array.dtype.kind in "biuf" and array.dtype.isnative
        made = torch.tensor(array if known else array.astype(np.float32))
        if first is None:
            return made
        floating = made.is_floating_point() and first.is_floating_point()
        return made.to(device=first.device, dtype=first.dtype if floating else None)

    return Batch(tuple(map(tensor, batch.args)), {name: tensor(array) for name, array in batch.kwargs.items()})
