"""Which networks can be compared, on which layers, and what is to be warned of."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from jaxrepsim.activations import ActivationFile
from jaxrepsim.errors import SHOWN, InputError, unknown
from jaxrepsim.numerics.few_samples import FEW
from jaxrepsim.pipeline.shared_settings import MatchingConfig

MOST_WARNINGS = 10
"""Beyond this many, the layers are counted."""
_JOINTLY = (
    "compress both jointly (`jaxrepsim compare RUN RUN` does it from the checkpoints of run folders), or "
    "save the raw activations of both"
)


def common_layers(networks: Mapping[str, ActivationFile], config: MatchingConfig) -> list[str]:
    """The layers to compare, in the order of the first network.

    Raises:
        InputError: There is one network only; the networks have different layers, or other numbers of samples or
            redraws in one of them, or a layer that the settings ask for is not there; a name that results files cannot
            hold.
    """
    names = list(networks)
    if len(names) < 2:
        raise InputError(f"a comparison needs two networks or more, received {len(names)}")
    for name in (*names, *(layer for network in networks.values() for layer in network.layers)):
        if "\0" in name or name.encode("utf-8", "ignore").decode() != name:
            raise InputError(
                f"the name {name!r} has a NUL, or what is no Unicode text: rename it, no table can hold it"
            )
    first = networks[names[0]]
    wanted = list(config.layers or first.layers)
    for layer in wanted:
        if layer not in first.layers:
            raise unknown(f"layer of {names[0]}", layer, first.layers)
    for name, network in networks.items():
        for layer in wanted:
            if layer not in network.layers:
                raise _other_layers(networks, names[0], name, layer)
            here, there = network.samples[layer], first.samples[layer]
            if here != there:
                raise InputError(
                    f"layer {layer!r} has {there} samples in {names[0]} and {here} in {name}; sample i of each must be "
                    "the response to the same input. Of maps or sequences of other sizes, save the mean over all "
                    "positions, (inputs, channels): array.mean((2, 3)) of NCHW, array.mean((1, 2)) of NHWC"
                )
            if network.basis and network.compressed_as(layer) != first.compressed_as(layer):
                raise InputError(
                    f"layer {layer!r} of {names[0]} and {name} was compressed in each with other layers, so that the "
                    f"rows do not correspond: {_JOINTLY}"
                )
            if network.layers[layer].shape[:-1] != first.layers[layer].shape[:-1]:
                shapes = f"{first.layers[layer].shape} and {network.layers[layer].shape}"
                raise InputError(f"layer {layer!r} of {names[0]} and {name} differ in rows: {shapes}")
        extra = [layer for layer in network.layers if layer not in first.layers]
        if extra and not config.layers:
            raise _other_layers(networks, name, names[0], extra[0])
    return wanted


def _other_layers(networks: Mapping[str, ActivationFile], having: str, lacking: str, layer: str) -> InputError:
    """The error for a layer that one network has and another has not, with what each has."""
    here, there = networks[having].layers, networks[lacking].layers
    ways = []
    if alone := [name for name in there if name not in here]:
        ways.append(f"call those alike that are to be compared (--rename {alone[0]}={layer}, and so on)")
    if both := [name for name in here if name in there]:
        ways.append(f"compare only those that both have (--matching.layers {' '.join(both[:SHOWN])})")
    return InputError(
        f"{lacking} has no layer {layer!r}, which {having} has.\n"
        f"  {having}: {', '.join([*here][:SHOWN])}\n  {lacking}: {', '.join([*there][:SHOWN])}\n"
        f"{'; or '.join(ways)[:1].upper()}{'; or '.join(ways)[1:]}"
    )


def few_samples(networks: Mapping[str, ActivationFile], layers: Sequence[str]) -> list[str]:
    """A warning for each layer with fewer samples than ten times its units; of many such layers one for the rest."""
    warnings = []
    for layer in layers:
        units = max(network.layers[layer].shape[-1] for network in networks.values())
        samples = next(iter(networks.values())).samples[layer]
        if samples < FEW * units:
            warnings.append(
                f"layer {layer!r}: {samples} samples for {units} units, fewer than {FEW} a unit; "
                "part of its similarity is chance"
            )
    if len(warnings) > MOST_WARNINGS:
        rest = f"{len(warnings) - MOST_WARNINGS} other layers have fewer than {FEW} samples a unit, too"
        warnings[MOST_WARNINGS:] = [rest]
    return warnings


def check_corresponding(networks: Mapping[str, ActivationFile]) -> None:
    """Checks that row i of every network is the response to the same input, as far as the files say.

    Args:
        networks: By name.

    Raises:
        InputError: Networks are compressed in different bases, or in one that is not known, or only some of them; or
            they have seen different inputs.
    """
    for (first, one), (name, other) in combinations(networks.items(), 2):
        if one.basis != other.basis and one.basis and other.basis:
            raise InputError(
                f"{first} and {name} were compressed each in a basis of its own ({one.basis}, {other.basis}), so that "
                f"their rows do not correspond: {_JOINTLY}"
            )
        for this, file, that, its in ((first, one, name, other), (name, other, first, one)):
            if _compressed(file) and not _compressed(its):
                raise InputError(
                    f"{this} is compressed and {that} is not, so that their rows do not correspond: {_JOINTLY}"
                )
            if _compressed(file) and not file.basis:
                raise InputError(
                    f"{this} is compressed, and does not say by which compression, so that its rows may not correspond "
                    f"to those of {that}: {_JOINTLY}"
                )
        if one.inputs != other.inputs and one.inputs and other.inputs:
            raise InputError(
                f"{first} and {name} have seen other inputs, or other positions of them ({one.inputs}, "
                f"{other.inputs}): both need the responses to the same ones, in the same order"
            )


def _compressed(file: ActivationFile) -> bool:
    rows = {name: array.shape[-2] for name, array in file.layers.items()}
    return bool(file.basis) or rows != file.samples
