"""Which layer of one network is compared with which of another, where their layers have other names."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from jaxrepsim.activations import ActivationFile
from jaxrepsim.errors import InputError, unknown

Layers = Sequence[str] | Mapping[str, Sequence[str] | Mapping[str, str]]
"""Names of layers; or for each label the names of the layers that are compared under it, one a network."""


class Paired(NamedTuple):
    """Networks in which layers that are compared have one name.

    Fields:
        networks: All layers of each; those that are compared come under their label.
        layers: The labels, from input to output.
        own_names: Of each network some of whose layers have another name in it: that, by the name here.
    """

    networks: dict[str, ActivationFile]
    layers: list[str]
    own_names: dict[str, dict[str, str]]


def paired(networks: Mapping[str, ActivationFile], layers: Layers | None = None) -> Paired:
    """Pairs layers: by their names, by their order, or as told.

    Layers of the same names are paired by them. Networks of as many layers, of which none has a namesake at another
    place, are paired by order, and a pair has the name of the first network's layer.

    Args:
        networks: By name, each with its layers from input to output.
        layers: The first network's names of those that are compared; or a mapping from labels to the layers that are
            compared under them, in the order of the networks, or by their names.

    Raises:
        InputError: A layer is unknown; names do not say which layers belong together.
    """
    if isinstance(layers, str):
        raise InputError(f"layers must be a list of names, or a mapping; received {layers!r}")
    if isinstance(layers, Mapping):
        chosen = {label: _told(label, names, networks) for label, names in layers.items()}
    else:
        chosen = _matched(networks, layers)
        for layer in layers or ():
            if layer not in chosen:
                raise unknown("layer", layer, chosen)
        chosen = {label: names for label, names in chosen.items() if layers is None or label in layers}
    if not chosen:
        raise InputError("no layer is compared: name one at least")
    found, own = dict[str, ActivationFile](), dict[str, dict[str, str]]()
    for name, network in networks.items():
        labels = {names[name]: label for label, names in chosen.items()}
        if len(labels) < len(chosen):
            raise InputError(f"a layer of {name} is compared under two labels: {', '.join(chosen)}")
        # A layer that is not compared may have the name of a label.
        new = {layer: labels.get(layer, f"{layer} of {name}" if layer in chosen else layer) for layer in network.layers}
        own[name] = {label: layer for layer, label in new.items() if layer != label}
        found[name] = network.renamed({layer: label for label, layer in own[name].items()})
    return Paired(found, list(chosen), {name: names for name, names in own.items() if names})


def _told(
    label: str, names: Sequence[str] | Mapping[str, str], networks: Mapping[str, ActivationFile]
) -> dict[str, str]:
    if isinstance(names, str) or len(names) != len(networks):
        raise InputError(
            f"layers[{label!r}] must name a layer of each of {', '.join(networks)}, in this order or by network; "
            f"received {names!r}"
        )
    by_network = dict(names) if isinstance(names, Mapping) else dict(zip(networks, names, strict=True))
    for name, layer in by_network.items():
        if name not in networks:
            raise unknown("network", name, networks)
        if layer not in networks[name].layers:
            raise unknown(f"layer of {name}", layer, networks[name].layers)
    return by_network


def _matched(networks: Mapping[str, ActivationFile], asked: Sequence[str] | None) -> dict[str, dict[str, str]]:
    """For each label the layer of each network: by name, or by order."""
    (first, one), *rest = networks.items()
    labels = list(one.layers)
    everywhere = [label for label in labels if all(label in other.layers for _, other in rest)]
    same_names = all(len(network.layers) == len(everywhere) for network in networks.values())
    if same_names or (asked and {*asked} <= {*everywhere}):
        return {label: dict.fromkeys(networks, label) for label in everywhere}
    for name, other in rest:
        there = list(other.layers)
        moved = [
            layer for at, layer in enumerate(labels) if layer in there and (len(there) <= at or there[at] != layer)
        ]
        if len(there) != len(labels) or moved:
            what = f"layer {moved[0]!r} is at another place in {name}" if moved else f"{name} has {len(there)} layers"
            raise InputError(
                f"{first} has {len(labels)} layers, and {what}, so that their names and order do not say which belong "
                f"together. Say it: layers={{{labels[-1]!r}: ({labels[-1]!r}, {there[-1]!r})}} and so on. {first}: "
                f"{_listed(labels)}. {name}: {_listed(there)}"
            )
    return {
        label: {name: list(network.layers)[at] for name, network in networks.items()} for at, label in enumerate(labels)
    }


def _listed(layers: Sequence[str]) -> str:
    most = 30
    return ", ".join(islice(layers, most)) + (f" and {len(layers) - most} more" if len(layers) > most else "")
