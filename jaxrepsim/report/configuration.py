"""The settings of a run as a reader meets them: those in use, and those that are off."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxrepsim.report.results import Results
from jaxrepsim.report.schema import provenance
from jaxrepsim.report.section import Section

_NOTHING = (None, [], {}, "")
_MEANS_ALL = ("layers", "positions")
"""Settings of which there are all where none is named."""
_MEANS_ITSELF = ("seed",)
"""Settings whose 0 is a value like any other, and that count nothing."""


class Settings(NamedTuple):
    """Names and values as text, in the order of the settings."""

    used: list[tuple[str, str]]
    off: list[tuple[str, str]]
    """Nothing was asked for by them, or the results lack the whole part that they are of."""


def settings(results: Results, sections: Sequence[Section]) -> Settings:
    """Reads the settings that the results keep.

    Args:
        results: The tree of results.
        sections: All there are; the settings of a part have the name of its section.

    Returns:
        Those in use and those that are off, both empty where no settings are kept.

    Raises:
        InputError: The attribute `config` is not JSON.
    """
    found = Settings([], [])
    absent = {section.name for section in sections if section.variables and section.name not in results.children}
    for name, value in _flat(provenance(results).config):
        *parts, last = name.split(".")
        everything = value in _NOTHING and last in _MEANS_ALL
        unused = not absent.isdisjoint(parts)
        off = not (value or everything or last in _MEANS_ITSELF)
        text = str(value) if last in _MEANS_ITSELF else _readable(value)
        (found.off if off or unused else found.used).append((name, "all" if everything else text))
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
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float) and np.isfinite(value):
        return np.format_float_positional(value, trim="-")
    return "(none)" if value in _NOTHING else str(value)
