"""The settings of a run as a reader meets them: those in use, and those that are off."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from xarray import Dataset

from jaxrepsim.report.schema import holds, provenance
from jaxrepsim.report.schema_convergent import CONVERGENT
from jaxrepsim.report.schema_theory import THEORY

_NOTHING = (None, [], {}, "")
_STAGES = {"theory": THEORY, "convergent": CONVERGENT}
"""Sections of the settings that say nothing where the results hold none of these groups."""
_MEANS_ALL = ("layers", "positions")
"""Settings of which there are all where none is named."""
_MEANS_ITSELF = ("seed",)
"""Settings whose 0 is a value like any other."""


class Settings(NamedTuple):
    """Names and values as text, in the order of the settings."""

    used: list[tuple[str, str]]
    off: list[tuple[str, str]]
    """Nothing was asked for by them, or by the whole section that they are of."""


def settings(results: Dataset) -> Settings:
    """Reads the settings that the results keep.

    Args:
        results: The Dataset.

    Returns:
        Those in use and those that are off, both empty where no settings are kept.

    Raises:
        InputError: The attribute `config` is not JSON.
    """
    found = Settings([], [])
    for name, value in _flat(provenance(results).config):
        section, _, last = name.partition(".")
        everything = value in _NOTHING and last in _MEANS_ALL
        unused = section in _STAGES and not any(holds(results, group) for group in _STAGES[section])
        off = not (value or everything or last in _MEANS_ITSELF)
        (found.off if off or unused else found.used).append((name, "all" if everything else _readable(value)))
    return found


def _flat(config: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _readable(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_readable, value)) or "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "(none)" if value in _NOTHING else str(value)
