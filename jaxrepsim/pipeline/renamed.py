"""Layers of files called otherwise, so that those of different frameworks pair."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxrepsim.activations import ActivationFile
from jaxrepsim.errors import InputError, unknown


def renamed(
    networks: Mapping[str, ActivationFile], places: Mapping[str, Path], asked: Sequence[str]
) -> dict[str, ActivationFile]:
    """Gives layers other names.

    Args:
        networks: What files hold, by name.
        places: Their paths, by the same names.
        asked: Each `OLD=NEW`, of all files that have the layer OLD; or `FILE:OLD=NEW`, of the file of that name or
            path. All at once, so that names can be exchanged.

    Returns:
        The same networks, their layers in the same order.

    Raises:
        InputError: One is of another form; no file has such a layer; two layers of a file would have the same name.

    >>> from collections import OrderedDict
    >>> file = ActivationFile(OrderedDict(c1=None, fc=None), {"c1": 9, "fc": 9}, {})
    >>> list(renamed({"a": file}, {"a": Path("a.npz")}, ["c1=conv1"])["a"].layers)
    ['conv1', 'fc']
    """
    names: dict[str, dict[str, str]] = {name: {} for name in networks}
    for each in asked:
        old, equals, new = each.partition("=")
        if not (old and equals and new):
            raise InputError(f"--rename takes OLD=NEW, or FILE:OLD=NEW; received {each!r}")
        of_one, colon, layer = old.partition(":")
        files = [name for name in networks if colon and of_one in _called(name, places[name])]
        old = layer if files else old
        having = [name for name in files or networks if old in networks[name].layers]
        if not having:
            known = dict.fromkeys(layer for name in files or networks for layer in networks[name].layers)
            raise unknown(f"layer of {' and '.join(files or networks)}", old, known)
        for name in having:
            names[name][old] = new
    return {name: _with_names(name, file, names[name]) for name, file in networks.items()}


def _called(name: str, path: Path) -> set[str]:
    """What a file may be called."""
    return {name, path.name, path.stem, str(path)}


def _with_names(name: str, file: ActivationFile, names: Mapping[str, str]) -> ActivationFile:
    new = [names.get(layer, layer) for layer in file.layers]
    if len({*new}) < len(new):
        twice = next(layer for layer in new if new.count(layer) > 1)
        raise InputError(f"--rename would give two layers of {name} the name {twice!r}")
    return file.renamed(names)
