"""The layers of an Equinox module, which is of one example."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

import equinox as eqx
import jax

from jaxrepsim.frameworks.calls import calls_seen
from jaxrepsim.frameworks.names import layer_path, named
from jaxrepsim.frameworks.network import INFERENCE, Batch, Layer, Network, inference_arguments, traced_layers
from jaxrepsim.frameworks.recorded import marked_output, recorded

_ARGUMENTS = {**INFERENCE, "inference": True, "key": None}


def network(module: eqx.Module, variables: eqx.nn.State | None = None) -> Network:
    """A module in inference mode, mapped over examples.

    Args:
        module: Any that can be called with one example; `eqx.nn.inference_mode` gives the one that is run. Its call
            gets those arguments of `INFERENCE` that it has, `inference=True`, and `key=None`.
        variables: Its state, which it is called with as the last argument without a name, if it has one.

    Returns:
        The network, jitted. Layers are named by attributes and indices joined by dots; see `channel_axes` for where
        their channels are. Layers that the module maps over tokens with `jax.vmap` have the tokens as second axis.
    """
    inferring = eqx.nn.inference_mode(module)
    modules = dict(_modules(inferring, ""))

    def options(batch: Batch) -> tuple[tuple[str, Any], ...]:
        given = batch if variables is None else batch._replace(args=(*batch.args, variables))
        return inference_arguments(inferring.__call__, given, _ARGUMENTS)  # pyright: ignore[reportAttributeAccessIssue]

    def layers(batch: Batch) -> OrderedDict[str, Layer]:
        def of(batch: Batch) -> OrderedDict[str, jax.Array]:
            return _outputs(inferring, variables, batch, options(batch))

        return traced_layers(of, lambda name: modules.get(layer_path(name), module), True, batch)

    def run(batch: Batch, names: tuple[str, ...]) -> Mapping[str, jax.Array]:
        return _run(inferring, variables, batch, names, options(batch))

    return Network(layers, run)


@eqx.filter_jit
def _run(
    module: Any, state: Any, batch: Batch, names: tuple[str, ...], options: tuple[tuple[str, Any], ...]
) -> OrderedDict[str, jax.Array]:
    layers = _outputs(module, state, batch, options)
    return OrderedDict((name, layers[name]) for name in names)


def _outputs(
    module: Any, state: Any, batch: Batch, options: tuple[tuple[str, Any], ...]
) -> OrderedDict[str, jax.Array]:
    modules = list(_modules(module, ""))
    paths: dict[int, str] = {}
    for path, each in modules:
        paths.setdefault(id(each), path)
    arrays, rest = eqx.partition(state, eqx.is_array)

    def of_one(batch: Batch, arrays: Any) -> None:
        own = () if state is None else (eqx.combine(arrays, rest),)
        module(*batch.args, *own, **batch.kwargs, **dict(options))

    def of_all(batch: Batch, arrays: Any) -> None:
        with calls_seen(paths, [type(each) for _, each in modules], marked_output):
            jax.vmap(of_one, (0, None))(batch, arrays)

    calls = recorded(of_all, batch, arrays)[1]
    return named([call for call in calls if call[0]] or [(type(module).__name__, array) for _, array in calls])


def _modules(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, eqx.Module):
        yield path, node
        inner = {field.name: getattr(node, field.name, None) for field in fields(node)}  # pyright: ignore
    elif isinstance(node, Mapping):
        inner = node
    elif isinstance(node, (list, tuple)):
        inner = dict(enumerate(node))
    else:
        return
    for name, each in inner.items():
        yield from _modules(each, f"{path}.{name}" if path else str(name))
