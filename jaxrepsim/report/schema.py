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

Attributes: title, description, data (text); config, versions, timings in seconds, warnings (JSON). All may be absent.
"""

import json
from typing import Any, NamedTuple

from xarray import Dataset

from jaxrepsim.errors import InputError

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
        InputError: A variable is missing, has other dimensions, or there is no layer, pair, ε or redraw at all.
    """
    missing = sorted(_REQUIRED.keys() - results.data_vars.keys())
    if missing:
        raise InputError(f"these results lack {', '.join(missing)}; were they written by `jaxrepsim`?")
    for name, dims in (_REQUIRED | _OPTIONAL).items():
        if name in results and results[name].dims != dims:
            raise InputError(f"{name} has the dimensions {results[name].dims}, not {dims}")
    for dim in (*_MATCH, "network"):
        if results.sizes[dim] == 0:
            raise InputError(f"these results hold no {dim}, so there is nothing to show")


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
