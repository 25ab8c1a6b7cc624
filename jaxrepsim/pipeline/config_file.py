"""Settings from a file, checked, and back to plain data."""

import dataclasses
import os
import re
import runpy
import typing
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

import msgspec
import numpy as np

from jaxrepsim.activations import not_activations
from jaxrepsim.errors import InputError, nearest, said_of
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.parts import AnalysisConfig
from jaxrepsim.user_code import importable

_SETTING = "a setting is text, a number, true or false, several of these, or a settings class called with parentheses"


def load_configs(path: Path) -> dict[str, RunConfig]:
    """Runs a config file: a Python module that assigns a `RunConfig` to `config`, or a dict of them to `runs`.

    Args:
        path: The file. Modules beside it can be imported.

    Returns:
        The runs by name, in order, every value of the declared type; the file's stem is the name of a single `config`.

    Raises:
        InputError: No such file, or it is no `.py`; an error in it, a misspelt or mistyped setting (the message names
            the nearest one); both names assigned or neither; a name that cannot be that of a folder.
    """
    if not path.exists():
        raise InputError(f"there is no config file {path}")
    if path.suffix != ".py":
        raise not_activations(path, "nor a config file (.py)")
    importable(path.parent)  # where networks and data of the user's own may be
    with said_of(path):
        assigned = _executed(path)
    if "config" in assigned and "runs" in assigned:
        raise InputError(f"{path} assigns both `config` and `runs`: one run, or several, and not both")
    runs = assigned.get("runs", {path.stem: assigned.get("config")})
    if not isinstance(runs, dict) or not runs or not all(isinstance(config, RunConfig) for config in runs.values()):
        raise InputError(
            f"{path} must assign a jaxrepsim.pipeline.RunConfig to the name `config`, or a dict of them, by their "
            "names, to `runs`"
        )
    for name in assigned.get("runs", ()):
        if not isinstance(name, str) or not re.fullmatch(r"\w[\w.-]*", name):
            raise InputError(
                f"{path}: a run's name is that of its folder, a text of letters, digits, '_', '-' and '.'; received "
                f"{name!r}"
            )
    with said_of(path):
        return {name: from_plain(to_plain(config)) for name, config in runs.items()}


def load_config(path: Path) -> RunConfig:
    """The one run of a config file.

    Raises:
        InputError: As `load_configs` does; or the file has several runs.
    """
    configs = load_configs(path)
    if len(configs) > 1:
        raise InputError(f"{path} has the runs {', '.join(configs)}: name one of them")
    return next(iter(configs.values()))


def place_of(path: Path) -> Path:
    """Where the results of a config file go.

    Args:
        path: The file; it need not be there.

    Returns:
        Its path below the nearest folder named `configs`, or its name where there is none, without the suffix, below
        `runs`. Several runs have a folder each in it.

    >>> print(place_of(Path("configs/width/smoke.py")), place_of(Path("mine.py")))
    runs/width/smoke runs/mine
    """
    parts = Path(os.path.abspath(path)).with_suffix("").parts
    above = [index for index, part in enumerate(parts[:-1]) if part == "configs"]
    return Path("runs", *parts[above[-1] + 1 :]) if above else Path("runs", parts[-1])


def to_plain(config: AnalysisConfig) -> dict[str, Any]:
    """The settings as dicts, lists, strings and numbers, as JSON gives them back; parts without any are left out."""
    # As a dict first: msgspec leaves out defaults that it has not been given itself.
    plain = {name: value for name, value in dataclasses.asdict(config).items() if value != {}}
    for name, value in _flat(plain).items():
        if isinstance(value, type) or callable(value):
            kind = "class" if isinstance(value, type) else "function"
            raise InputError(f"{name} is the {kind} {getattr(value, '__name__', '?')}; {_SETTING}")
    return msgspec.json.decode(msgspec.json.encode(plain, enc_hook=_simple))


def from_plain(plain: Any) -> RunConfig:
    """The settings from plain data.

    Raises:
        InputError: An unknown setting (with the nearest there is), or a value of the wrong type.
    """
    _check_names(plain, RunConfig, "")
    try:
        return msgspec.convert(plain, RunConfig, dec_hook=lambda kind, value: kind(value))
    except (msgspec.ValidationError, TypeError) as error:
        where = re.sub(r" - at `\$\.?(.*?)`$", r" (in \1)", str(error)).removesuffix(" (in )")
        raise InputError(f"settings: {where[:1].lower() + where[1:]}") from error


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """The settings in which two configs, as plain data, differ, a line each."""
    before, after = _flat(old), _flat(new)
    return [
        f"{name}: {before.get(name)!r} there, {after.get(name)!r} here"
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]


def _flat(plain: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in plain.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _simple(value: object) -> Any:
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    raise InputError(f"{_SETTING}; received {value!r}")


def _check_names(plain: Any, kind: type, prefix: str) -> None:
    if not isinstance(plain, dict):
        return
    types = _settings(kind)
    for name, value in plain.items():
        if name not in types:
            raise InputError(_unknown_setting(prefix + name, name, types))
        if dataclasses.is_dataclass(types[name]):
            _check_names(value, typing.cast(type, types[name]), f"{prefix}{name}.")


def _executed(path: Path) -> dict[str, Any]:
    """What a Python file assigns."""
    try:
        assigned = runpy.run_path(str(path))
    except InputError:
        raise
    except Exception as error:
        raise InputError(_misspelt(error) or f"{type(error).__name__}: {error}") from error
    # `from jaxrepsim.pipeline import *` brings a module of the name `config`.
    return {name: value for name, value in assigned.items() if not isinstance(value, ModuleType)}


def _misspelt(error: Exception) -> str | None:
    """`RunConfig(modle=...)` fails with a TypeError that names the class and the keyword."""
    found = re.match(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'", str(error))
    kinds = (kind for kind in (RunConfig, *_settings(RunConfig).values()) if dataclasses.is_dataclass(kind))
    classes = {kind.__name__: kind for kind in kinds if isinstance(kind, type)}
    if not isinstance(error, TypeError) or found is None or found[1] not in classes:
        return None
    return _unknown_setting(f"{found[1]}.{found[2]}", found[2], _settings(classes[found[1]]))


def _settings(kind: type) -> dict[str, Any]:
    """The settings of a class, and their types."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _unknown_setting(full: str, name: str, known: typing.Iterable[str]) -> str:
    near = nearest(name, known)
    return f"there is no setting {full!r}; " + (f"did you mean {near!r}?" if near else f"there are: {', '.join(known)}")
