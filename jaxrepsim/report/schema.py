"""What a tree of results holds: checked once at the door, so that tables and figures may rely on it.

Results are an `xarray.DataTree`: one group a subject, which its section declares (`jaxrepsim.report.sections`), and at
the root the coordinates that all share. `documented` writes the declarations into a tree as attributes, so that a file
explains itself.

Masks and integers are padded with −1, floats with NaN; "not computed" reads the same as padding.

Attributes of the root: title, description, data (text); config, versions, timings in seconds, warnings (JSON). All may
be absent.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from xarray import Dataset, DataTree

from jaxrepsim.errors import InputError
from jaxrepsim.report.results import Results
from jaxrepsim.report.section import ROOT, SHARED, Section, Variable
from jaxrepsim.report.sections import SECTIONS

_NOT_EMPTY = (*ROOT, "redraw", "draw", "layer_x", "layer_y", "checkpoint", "penalty", "threshold")


class Provenance(NamedTuple):
    """Where results come from: the attributes of the root, read."""

    title: str
    description: str
    data: str
    config: dict[str, Any]
    versions: dict[str, str]
    timings: dict[str, float]
    warnings: list[str]


def tree(groups: Mapping[str, Dataset], attributes: Mapping[str, Any] | None = None) -> DataTree:
    """Results, from what was computed of each subject.

    Args:
        groups: One dataset for each subject, with its coordinates.
        attributes: Of the root.

    Returns:
        The tree, whose root holds the coordinates that all groups share, those of `ROOT`.
    """
    shared = {name: group[name].variable for group in groups.values() for name in ROOT if name in group.coords}
    inside = {name: DataTree(group.drop_vars(ROOT, errors="ignore")) for name, group in groups.items()}
    return DataTree(Dataset(coords={name: shared[name] for name in ROOT if name in shared}, attrs=attributes), inside)


def check(results: DataTree, sections: Sequence[Section] = SECTIONS) -> Results:
    """Raises where `results` is not a tree of match results.

    Args:
        results: The tree, as computed or as read back from a file.
        sections: What its groups are to hold; those of no section are left alone.

    Returns:
        The same tree.

    Raises:
        InputError: It is of the format before groups; the group of similarity is missing; a group is there in part; a
            variable has other dimensions; there is no layer, pair, ε or redraw at all.
    """
    if "similarity" in results.data_vars:
        raise InputError(
            "these results were written by an older jaxrepsim, without groups: `jaxrepsim run CONFIG --out NEW` makes "
            "new ones, and `jaxrepsim compare FILES --out NEW` does from activation files"
        )
    if missing := sorted(set(ROOT) - set(results.coords)) + ["similarity"] * ("similarity" not in results.children):
        raise InputError(f"these results lack {', '.join(map(str, missing))}; were they written by `jaxrepsim`?")
    for section in sections:
        if section.variables and section.name in results.children:
            _check_group(results.children[section.name].to_dataset(), section)
    for node in results.subtree:
        for dim in _NOT_EMPTY:
            if node.sizes.get(dim) == 0:
                raise InputError(f"these results hold no {dim}, so there is nothing to show")
    return cast(Results, results)


def _check_group(group: Dataset, section: Section) -> None:
    expected = {name for name, variable in section.variables.items() if variable.dims != (name,)} - section.optional
    if lacking := sorted(expected - set(map(str, group.data_vars))):
        raise InputError(f"the group {section.name!r} of these results lacks {', '.join(lacking)}")
    for name, variable in (ROOT | SHARED | dict(section.variables)).items():
        if name in group.variables and group[name].dims != variable.dims:
            raise InputError(f"{section.name}/{name} has the dimensions {group[name].dims}, not {variable.dims}")


def documented(results: DataTree, sections: Sequence[Section] = SECTIONS) -> DataTree:
    """The same results, in which every variable and coordinate that is declared says what it is.

    Args:
        results: Results.
        sections: Which declare them.

    Returns:
        A shallow copy with the attributes `long_name`, `units` (where there is one) and `description`; a group has the
        title of its section.
    """
    copy = results.copy()
    _describe(copy, ROOT)
    for section in sections:
        if section.name in copy.children:
            _describe(copy.children[section.name], SHARED | dict(section.variables))
            copy.children[section.name].attrs["title"] = section.title
    return copy


def _describe(node: DataTree, variables: Mapping[str, Variable]) -> None:
    held = node.to_dataset(inherit=False).variables
    for name in variables.keys() & held.keys():
        node[name].attrs |= variables[name].attributes


def provenance(results: DataTree) -> Provenance:
    """Reads the attributes; one that is absent reads as empty.

    Args:
        results: The tree.

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
        warnings=_decoded(attrs, "warnings", list),
        **{name: _decoded(attrs, name, dict) for name in ("config", "versions", "timings")},
    )


def _decoded(attrs: Mapping[Any, Any], name: str, kind: type) -> Any:
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
