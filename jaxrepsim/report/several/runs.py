"""What figures and tables of several runs share: what must be the same in all."""

from collections.abc import Mapping

import numpy as np
from xarray import Dataset

from jaxrepsim.errors import InputError
from jaxrepsim.report.summaries import Floats, epsilon_labels, names

Runs = Mapping[str, Dataset]
"""Results by the names of their runs, in the order in which they are shown."""

UPPER = 0.5
"""Up to this ε the area under the profile is taken: beyond it nearly everything matches in any network."""


def same_layers(runs: Runs) -> list[str]:
    """The layers' names, which all runs must have in common.

    Raises:
        InputError: Two runs have different layers.
    """
    return _same(runs, {name: names(results, "layer") for name, results in runs.items()}, "layers")


def same_epsilons(runs: Runs) -> list[str]:
    """Each ε as text; all runs must have the same.

    Raises:
        InputError: Two runs have different values of ε.
    """
    return _same(runs, {name: epsilon_labels(results) for name, results in runs.items()}, "values of ε")


def dead_shares(results: Dataset) -> Floats:
    """The share of a layer's units that are zero on all samples, never matched and yet counted: (layer, network)."""
    return results["dead"].values / np.maximum(results["units"].values, 1)[:, None]


def accuracies(results: Dataset) -> Floats:
    """Validation accuracy of each network as compared, those on record, in [0, 1]."""
    values = results["accuracy"].values if "accuracy" in results else np.empty(0)
    return values[~np.isnan(values)]


def accuracy_text(results: Dataset) -> str:
    """The lowest and the highest accuracy, in per cent; empty where there is no record."""
    values = [f"{100 * value:.1f}" for value in accuracies(results)]
    if not values:
        return ""
    low, high = min(values, key=float), max(values, key=float)
    return f"{low} %" if low == high else f"{low}–{high} %"


def _same(runs: Runs, values: dict[str, list[str]], what: str) -> list[str]:
    if not runs:
        raise InputError("there is no run to show")
    first, expected = next(iter(values.items()))
    for name, here in values.items():
        if here != expected:
            raise InputError(
                f"these runs have different {what}, so they cannot share a figure: {first} has {', '.join(expected)}; "
                f"{name} has {', '.join(here)}"
            )
    return expected
