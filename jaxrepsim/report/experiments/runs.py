"""Several runs in one figure or table: what must be the same in all, and what is read from each."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jaxrepsim.errors import InputError
from jaxrepsim.report.doubtful import few_samples
from jaxrepsim.report.epsilons import epsilon_labels, nonzero_epsilons
from jaxrepsim.report.match_profiles import profile_auc
from jaxrepsim.report.results import Floats, Mask, Results, names, pair_similarity, thinned

Runs = Mapping[str, Results]
"""Results by the names of their runs, in the order of panels, lines and columns."""
MEAN_LABEL = "mean over ε ≤ 0.5"
"""Of `Measured.auc`: beyond this ε nearly everything matches in any network."""
_MOST_EPSILONS = 3


class Measured(NamedTuple):
    """What figures and tables show of a run, layer by layer from input to output."""

    auc: Floats
    """Mean similarity over ε up to 0.5, (layer, pair)."""
    similarity: Floats
    """At each ε, (layer, pair, ε)."""
    dead: Floats
    """The share of units that are zero on all samples, never matched and yet counted: (layer, network)."""
    few: Mask
    """Fewer than ten samples a unit: part of the similarity is chance. (layer,)"""
    accuracies: Floats
    """Validation accuracy of each network as compared, those on record, in [0, 1]."""

    @property
    def accuracy_text(self) -> str:
        """The lowest and the highest accuracy, in per cent; empty where there is no record."""
        if not len(self.accuracies):
            return ""
        low, high = (f"{100 * value:.1f}" for value in (self.accuracies.min(), self.accuracies.max()))
        return f"{low} %" if low == high else f"{low}–{high} %"


def measured(results: Results) -> Measured:
    """Reads what figures and tables show of a run.

    Args:
        results: Its results.

    Returns:
        Arrays over its layers.
    """
    units, dead = results["similarity/units"].values, results["similarity/dead"].values
    networks = results.children.get("networks", {})
    accuracies = networks["accuracy"].values if "accuracy" in networks else np.empty(0)
    return Measured(
        profile_auc(results),
        pair_similarity(results),
        dead / np.maximum(units, 1)[:, None],
        few_samples(results),
        accuracies[~np.isnan(accuracies)],
    )


def measures(
    runs: Sequence[Measured], epsilons: Sequence[str], chosen: Sequence[int]
) -> list[tuple[str, list[Floats]]]:
    """What is compared across runs: the mean over ε, and similarity at some ε.

    Args:
        runs: What is read of each.
        epsilons: Each ε as text.
        chosen: The indices of those that are wanted.

    Returns:
        The name of each measure, and its values in each run, (layer, pair).
    """
    found = [(MEAN_LABEL, [run.auc for run in runs])]
    return found + [(f"ε = {epsilons[index]}", [run.similarity[..., index] for run in runs]) for index in chosen]


def drawn_epsilons(runs: Sequence[Measured]) -> list[int]:
    """The indices of up to three ε at which anything matches in any run, evenly spaced."""
    return thinned(nonzero_epsilons(*(run.similarity for run in runs)), _MOST_EPSILONS)


def same_layers(runs: Runs) -> list[str]:
    """The layers' names, which all runs must have in common.

    Raises:
        InputError: There is no run, or two have different layers.
    """
    return _same({name: names(results, "layer") for name, results in runs.items()}, "layers")


def same_epsilons(runs: Runs) -> list[str]:
    """Each ε as text; all runs must have the same.

    Raises:
        InputError: There is no run, or two have different values of ε.
    """
    return _same({name: epsilon_labels(results) for name, results in runs.items()}, "values of ε")


def _same(values: Mapping[str, list[str]], what: str) -> list[str]:
    if not values:
        raise InputError("there is no run to show")
    first, expected = next(iter(values.items()))
    for name, here in values.items():
        if here != expected:
            raise InputError(
                f"these runs have different {what}, so they cannot share a figure: {first} has {', '.join(expected)}; "
                f"{name} has {', '.join(here)}"
            )
    return expected
