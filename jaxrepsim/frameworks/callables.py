"""The layers that a callable names itself."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jaxrepsim.errors import InputError
from jaxrepsim.frameworks.network import Batch, Layer, Network, described
from jaxrepsim.frameworks.recognised import CALLABLE


def network(model: Callable[..., Any], variables: None = None) -> Network:
    """A callable that returns a mapping of layers, or its output and such a mapping.

    Args:
        model: Called with a batch, jitted or not; it is run as it is. Values that are tuples or mappings themselves,
            such as `hidden_states` of a transformer, are layers `hidden_states.0`, …; None and what is no array is
            left out.
        variables: None.

    Returns:
        The network; channels are last unless it is said otherwise.
    """
    known: list[tuple[Batch, OrderedDict[str, Any]]] = []

    def layers(batch: Batch) -> OrderedDict[str, Layer]:
        found = _mapping(model(*batch.args, **batch.kwargs))
        known[:] = [(batch, found)]
        return described(found, {}, channels_first=False, same={name: object() for name in found})

    def run(batch: Batch, names: tuple[str, ...]) -> Mapping[str, Any]:
        again = bool(known) and known[0][0] is batch  # it need not see the first batch twice
        found = known.pop()[1] if again else _mapping(model(*batch.args, **batch.kwargs))
        return OrderedDict((name, found[name]) for name in names)

    return Network(layers, run, mapping=True)


def _mapping(returned: Any) -> OrderedDict[str, Any]:
    maps = returned[1] if isinstance(returned, tuple) and len(returned) == 2 else returned
    if not isinstance(maps, Mapping):
        raise InputError(
            f"the model returned {type(returned).__name__}; expected a mapping of layer names to activations, or a "
            f"pair of an output and such a mapping:\n\n{CALLABLE}"
        )
    return OrderedDict(_flat(maps, ""))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (Mapping, tuple, list)):
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, inner in pairs:
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif hasattr(value, "shape") and hasattr(value, "dtype"):
        yield path, value
