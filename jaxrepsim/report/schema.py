"""What a results Dataset holds: checked once at the door, so that tables and plots may rely on it.

Coordinates: `layer` (names, from input to output), `pair` (such as "0-1"), `epsilon`, `redraw` (of sampled positions;
one where all are used), `unit`, `sample` (sampled units), `network` (names), and `epoch` where training is on record.

- similarity, matched_x, matched_y: of the maximum match, and the sizes of its two sides. NaN similarity: not computed.
- profile_x, profile_y: each unit's critical ε; NaN where the layer has no such unit, infinite for a dead one.
- minimal_unit: the joint index of a sampled unit (first network's units first), −1 for none; minimal_size_x,
  minimal_size_y: the sizes of the v-minimal match that was found for it, 0 where it is in no match.
- units, samples: of a layer; dead: units of each network that are zero on all samples.
- optional: accuracy of each network as compared; train_loss, validation_accuracy at each epoch. Accuracies lie in
  [0, 1].

Optional groups (`GROUPS`), each of which is there as a whole or not at all. Masks and integers are padded with −1,
floats with NaN; "not computed" reads the same as padding. What counts units is of redraw 0.

- decomposition: simple_x, simple_y, the members of each simple match found (1 or 0; −1 throughout: no such match), in
  the order in which they were found; simple_below, 1 where `other_simple` lies inside `simple` with nothing found
  between; simple_complete, 1 all were found, 0 the search stopped before; certified_minimum and certified_several,
  matched units with exactly one v-minimal match and with two or more, together all of the maximum match; parts, simple
  matches that the maximum match takes, none of them spare; smallest_size and smallest_bound for each `minimal_unit`,
  the smallest v-minimal match found and a proven lower bound of any match that holds the unit, 0 where it is in none.
- stability: theta_lower and theta_upper, bounds in radians of the angle of strong linear independence, 0 where units
  are dependent; stable, 1 proven (so the decomposition is unique), 0 proven not, −1 undecided; stable_from and
  stable_to, the intervals [from, to) of ε that the profile does not rule out at the λ of theta_lower.
- chance: chance_observed, the similarity on the chance_samples rows that all of these share; chance_shuffled with
  inputs shuffled in one network, chance_random of random vectors with the same spectrum, one value a draw;
  chance_untrained of the networks before training; p_shuffled and p_random, (1 + #{draw ≥ observed}) / (1 + draws);
  residual_x, residual_y on all units of the other network, fitted and measured on the same rows, and held_out_x,
  held_out_y, fitted on one half and measured on the other, so that they may exceed 1.
- joint: joint_similarity, the share of all networks' units that are in the maximum match of all of them at once;
  joint_profile, each unit's critical ε in it; joint_matched, how many units of each network it holds.
- across: across, the similarity of each layer of a pair's first network with each layer (`other_layer`) of its second;
  across_samples, the rows of a cell; across_pooled, 1 where maps were averaged to one vector an image.
- training: training_similarity at each `checkpoint` (epochs; 0 is untrained); checkpoint_accuracy in [0, 1].
- one_to_one, mutual_information, sparse, clusters, exciting: see `jaxrepsim.report.schema_convergent`.

Attributes: title, description, data (text); config, versions, timings in seconds, warnings (JSON). All may be absent.
"""

import json
from typing import Any, NamedTuple

from xarray import Dataset

from jaxrepsim.errors import InputError
from jaxrepsim.report.schema_convergent import CONVERGENT

_MATCH = ("layer", "pair", "epsilon", "redraw")
_PROFILE = ("layer", "pair", "redraw", "unit")
_MINIMAL = ("layer", "pair", "epsilon", "sample")
_REQUIRED = {
    "similarity": _MATCH,
    "matched_x": _MATCH,
    "matched_y": _MATCH,
    "profile_x": _PROFILE,
    "profile_y": _PROFILE,
    "minimal_unit": _MINIMAL,
    "minimal_size_x": _MINIMAL,
    "minimal_size_y": _MINIMAL,
    "units": ("layer",),
    "samples": ("layer",),
    "dead": ("layer", "network"),
}
_OPTIONAL = {
    "accuracy": ("network",),
    "train_loss": ("network", "epoch"),
    "validation_accuracy": ("network", "epoch"),
}
_SIMPLE = ("layer", "pair", "epsilon", "simple")
_CELL = ("layer", "pair", "epsilon")
_DRAW = (*_CELL, "draw")
_UNIT = ("layer", "pair", "unit")
_INTERVAL = ("layer", "pair", "interval")
_ACROSS = ("layer", "other_layer")
GROUPS: dict[str, dict[str, tuple[str, ...]]] = {
    "decomposition": {
        "simple_x": (*_SIMPLE, "unit"),
        "simple_y": (*_SIMPLE, "unit"),
        "simple_below": (*_SIMPLE, "other_simple"),
        "simple_complete": _CELL,
        "certified_minimum": _CELL,
        "certified_several": _CELL,
        "parts": _CELL,
        "smallest_size": _MINIMAL,
        "smallest_bound": _MINIMAL,
    },
    "stability": {
        "theta_lower": ("layer", "network"),
        "theta_upper": ("layer", "network"),
        "stable": _CELL,
        "stable_from": _INTERVAL,
        "stable_to": _INTERVAL,
    },
    "chance": {
        "chance_observed": _CELL,
        "chance_samples": ("layer",),
        "chance_shuffled": _DRAW,
        "chance_random": _DRAW,
        "chance_untrained": _CELL,
        "p_shuffled": _CELL,
        "p_random": _CELL,
        "residual_x": _UNIT,
        "residual_y": _UNIT,
        "held_out_x": _UNIT,
        "held_out_y": _UNIT,
    },
    "joint": {
        "joint_similarity": ("layer", "epsilon"),
        "joint_profile": ("layer", "network", "unit"),
        "joint_matched": ("layer", "epsilon", "network"),
    },
    "across": {
        "across": ("pair", *_ACROSS, "epsilon"),
        "across_samples": _ACROSS,
        "across_pooled": _ACROSS,
    },
    "training": {
        "training_similarity": ("checkpoint", *_CELL),
        "checkpoint_accuracy": ("network", "checkpoint"),
    },
    **CONVERGENT,
}
"""Optional variables with their dimensions, by group."""
_NOT_EMPTY = ("draw", "other_layer", "checkpoint", "penalty", "threshold")


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
    missing = sorted(_REQUIRED.keys() - results.data_vars.keys())
    if missing:
        raise InputError(f"these results lack {', '.join(missing)}; were they written by `jaxrepsim`?")
    known = _REQUIRED | _OPTIONAL
    for group, variables in GROUPS.items():
        here = sorted(variables.keys() & results.data_vars.keys())
        lacking = sorted(variables.keys() - results.data_vars.keys())
        if here and lacking:
            raise InputError(
                f"these results hold {', '.join(here)} of the group {group!r}, but lack {', '.join(lacking)}"
            )
        known |= variables
    for name, dims in known.items():
        if name in results and results[name].dims != dims:
            raise InputError(f"{name} has the dimensions {results[name].dims}, not {dims}")
    for dim in (*_MATCH, "network", *_NOT_EMPTY):
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
