"""Settings from a file, checked, and back to plain data."""

import dataclasses
import re
import runpy
import typing
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from jaxrepsim.data.config import DataConfig
from jaxrepsim.errors import InputError
from jaxrepsim.models.config import ModelConfig
from jaxrepsim.pipeline.config import ConvergentConfig, MatchingConfig, RunConfig, TheoryConfig
from jaxrepsim.training.config import TrainingConfig


def load_config(path: Path) -> RunConfig:
    """Runs a config file, a Python module that assigns a `RunConfig` to `config`.

    Args:
        path: The file.

    Returns:
        Its `config`, every value of the declared type.

    Raises:
        InputError: No such file, an error in it, a misspelt or mistyped setting; the message names the nearest one.
    """
    if not path.is_file():
        raise InputError(f"there is no config file {path}")
    try:
        config = runpy.run_path(str(path)).get("config")
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except Exception as error:
        raise InputError(f"{path}: {_misspelt(error) or f'{type(error).__name__}: {error}'}") from error
    if not isinstance(config, RunConfig):
        raise InputError(f"{path} must assign a jaxrepsim.pipeline.RunConfig to the name `config`")
    try:
        return from_plain(to_plain(config))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def to_plain(config: RunConfig | MatchingConfig | TheoryConfig | ConvergentConfig) -> dict[str, Any]:
    """The settings as dicts, lists, strings and numbers, exactly as JSON gives them back."""
    # As a dict first: msgspec leaves out defaults that it has not been given itself.
    return msgspec.json.decode(msgspec.json.encode(dataclasses.asdict(config), enc_hook=str))


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


def _check_names(plain: Any, kind: type, prefix: str) -> None:
    if not isinstance(plain, dict):
        return
    types = typing.get_type_hints(kind)
    for name, value in plain.items():
        if name not in types:
            raise InputError(_unknown_setting(prefix + name, name, types))
        if dataclasses.is_dataclass(types[name]):
            _check_names(value, typing.cast(type, types[name]), f"{prefix}{name}.")


def _misspelt(error: Exception) -> str | None:
    """`RunConfig(modle=...)` fails with a TypeError that names the class and the keyword."""
    found = re.match(r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'", str(error))
    kinds = {
        kind.__name__: kind
        for kind in (RunConfig, DataConfig, ModelConfig, TrainingConfig, MatchingConfig, TheoryConfig, ConvergentConfig)
    }
    if not isinstance(error, TypeError) or found is None or found[1] not in kinds:
        return None
    return _unknown_setting(f"{found[1]}.{found[2]}", found[2], typing.get_type_hints(kinds[found[1]]))


def _unknown_setting(shown: str, name: str, known: typing.Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"there is no setting {shown!r}; " + (
        f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
    )
