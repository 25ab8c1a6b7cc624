"""The configs that come with the package, and how they are named: `digits_vgg`, `figure1/smoke`."""

import ast
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from jaxrepsim.errors import InputError, nearest, unknown
from jaxrepsim.pipeline.config_file import place_of

_PACKAGE = Path(__file__).parent.parent


class Shipped(NamedTuple):
    """A config that comes with the package.

    Fields:
        name: As the command line takes it.
        path: Of its file.
        does: The first sentence of its header.
        time: How long it takes, as its header says.
    """

    name: str
    path: Path
    does: str
    time: str


def place() -> Path:
    """The folder of the configs: in an installed package within it, in a clone beside it."""
    inside = _PACKAGE / "configs"
    return inside if inside.is_dir() else _PACKAGE.parent / "configs"


def shipped() -> list[Shipped]:
    """All of them: those that a newcomer begins with first, then those in folders."""
    return [_read(name, path) for name, path in _paths().items()]


def config_path(given: Path) -> Path:
    """The file or run folder that is meant by what stands on the command line.

    Args:
        given: A file, or a run folder; or the name of a config that comes with the package, or its path in a clone.

    Returns:
        The path of what is there, first of all of what the user has.

    Raises:
        InputError: It is none of these.
    """
    if given.is_file() or (given / "run.json").is_file():
        return given
    known = _paths()
    name = given.with_suffix("") if given.suffix == ".py" else given
    within = (name.relative_to("configs") if name.parts[:1] == ("configs",) else name).as_posix()
    if within in known:
        return known[within]
    if given.exists():
        return given  # a folder, of which more can be said where it is read
    if given.suffix == ".py":
        near = nearest(within, known)
        raise InputError(
            f"there is no config file {given}" + (f"; did you mean {near!r}, which is shipped?" if near else "")
        )
    raise unknown("config or run folder", str(given), known)


def run_folder(given: Path) -> Path | None:
    """The folder that the runs of a config go to.

    Args:
        given: As `config_path` takes it.

    Returns:
        The folder, which need not be there; None where there is no such config.
    """
    with suppress(InputError):
        return place_of(config_path(given))
    return None


def _paths() -> dict[str, Path]:
    """The file of each, by name."""
    folder = place()
    found = [(path.relative_to(folder).with_suffix("").as_posix(), path) for path in folder.rglob("*.py")]
    return dict(sorted(found, key=lambda each: ("/" in each[0], each[0])))


def _read(name: str, path: Path) -> Shipped:
    header = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    time = re.search(r"^Time: +([^;\n]+)", header, re.MULTILINE)
    return Shipped(name, path, header.partition("\n")[0], time[1].rstrip(".") if time else "")
