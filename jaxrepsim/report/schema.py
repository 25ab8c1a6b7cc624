"""What a results Dataset holds: checked once at the door, so that tables and plots may rely on it.

Every variable and coordinate is declared once, with its dimensions and what it means: those of every file in
`schema_match` and `schema_coordinates`, those of the optional groups (`GROUPS`), each of which is there as a whole or
not at all, in `schema_theory` and `schema_convergent`. `documented` writes the declarations into a file as attributes.

Masks and integers are padded with −1, floats with NaN; "not computed" reads the same as padding.

Attributes of the file: title, description, data (text); config, versions, timings in seconds, warnings (JSON). All may
be absent.
"""

import json
from typing import Any, NamedTuple

from xarray import Dataset

from jaxrepsim.errors import InputError
from jaxrepsim.report.schema_convergent import CONVERGENT
from jaxrepsim.report.schema_coordinates import COORDINATES
from jaxrepsim.report.schema_match import OPTIONAL, REQUIRED
from jaxrepsim.report.schema_theory import THEORY
from jaxrepsim.report.schema_variable import Variable

GROUPS: dict[str, dict[str, Variable]] = THEORY | CONVERGENT
"""Optional variables by group."""
DECLARED: dict[str, Variable] = {
    name: variable
    for variables in (COORDINATES, REQUIRED, OPTIONAL, *GROUPS.values())
    for name, variable in variables.items()
}
"""Every variable and coordinate that a results file may hold, by name."""
_NOT_EMPTY = (*REQUIRED["similarity"].dims, "network", "draw", "other_layer", "checkpoint", "penalty", "threshold")


class Provenance(NamedTuple):
    """Where results come from: the attributes of the Dataset, read."""

    title: str
    description: str
    data: str
    config: dict[str, Any]
    versions: dict[str, str]
    timings: dict[str, float]
    warnings: list[str]


def check(results: Dataset) -> None:
    """Raises where `results` is not a table of match results.

    Args:
        results: The Dataset, as computed or as read back from a file.

    Raises:
        InputError: A variable is missing, an optional group is there in part, a variable has other dimensions, there is
            no layer, pair, ε or redraw at all, or `other_layer` does not name the layers.
    """
    missing = sorted(REQUIRED.keys() - results.data_vars.keys())
    if missing:
        raise InputError(f"these results lack {', '.join(missing)}; were they written by `jaxrepsim`?")
    for group, variables in GROUPS.items():
        here = sorted(variables.keys() & results.data_vars.keys())
        lacking = sorted(variables.keys() - results.data_vars.keys())
        if here and lacking:
            raise InputError(
                f"these results hold {', '.join(here)} of the group {group!r}, but lack {', '.join(lacking)}"
            )
    for name, variable in DECLARED.items():
        if name in results.variables and results[name].dims != variable.dims:
            raise InputError(f"{name} has the dimensions {results[name].dims}, not {variable.dims}")
    for dim in _NOT_EMPTY:
        if results.sizes.get(dim) == 0:
            raise InputError(f"these results hold no {dim}, so there is nothing to show")
    if holds(results, "across") and results["other_layer"].values.tolist() != results["layer"].values.tolist():
        raise InputError(f"other_layer is {results['other_layer'].values.tolist()}, and should name the same layers")


def holds(results: Dataset, group: str) -> bool:
    """Whether results that were checked hold one of the optional groups.

    Args:
        results: The Dataset.
        group: A key of `GROUPS`.

    Returns:
        Whether all of its variables are there.
    """
    return GROUPS[group].keys() <= results.data_vars.keys()


def documented(results: Dataset) -> Dataset:
    """The same results, in which every variable and coordinate that is declared says what it is.

    Args:
        results: Results, or a part of them.

    Returns:
        A shallow copy with the attributes `long_name`, `units` (where there is one) and `description`.
    """
    copy = results.copy()
    for name, variable in DECLARED.items():
        if name in copy.variables:
            copy[name].attrs |= variable.attributes
    return copy


def provenance(results: Dataset) -> Provenance:
    """Reads the attributes; one that is absent reads as empty.

    Args:
        results: The Dataset.

    Returns:
        The attributes, those in JSON decoded.

    Raises:
        InputError: An attribute that should be JSON is not.
    """
    attrs = results.attrs
    return Provenance(
        title=str(attrs.get("title") or "Comparison of representations"),
        description=str(attrs.get("description", "")),
        data=str(attrs.get("data", "")),
        config=_decoded(attrs, "config", dict),
        versions=_decoded(attrs, "versions", dict),
        timings=_decoded(attrs, "timings", dict),
        warnings=_decoded(attrs, "warnings", list),
    )


def _decoded(attrs: dict[str, Any], name: str, kind: type) -> Any:
    text = attrs.get(name)
    if text is None:
        return kind()
    try:
        value = json.loads(text)
    except (TypeError, json.JSONDecodeError) as error:
        raise InputError(f"the attribute {name!r} is not JSON: {text!r}") from error
    if not isinstance(value, kind):
        raise InputError(f"the attribute {name!r} should hold a JSON {kind.__name__}, and holds {text!r}")
    return value
