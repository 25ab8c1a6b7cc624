"""Tables of the optional groups for a reader: decomposition, chance, all networks at once."""

from typing import NamedTuple

import numpy as np
from xarray import Dataset

from jaxrepsim.report.chance import spread
from jaxrepsim.report.decomposition import matched_units, simple_sizes
from jaxrepsim.report.joint import pair_mean
from jaxrepsim.report.panels import nonzero_epsilons
from jaxrepsim.report.summaries import Ints, epsilon_labels, names, over_known, unit_counts
from jaxrepsim.report.tables import Cell


class Sizes(NamedTuple):
    """Sizes of simple matches, units of both sides together."""

    smallest: int
    median: float
    largest: int
    shares: tuple[float, float, float]
    """The same three as shares of the layer's units in both networks of the pair."""


class Smallest(NamedTuple):
    """The smallest v-minimal match of any sampled unit."""

    found: int
    bound: int
    """No match that holds a sampled unit is smaller."""
    exact: int
    """Sampled units for which the smallest is known."""
    sampled: int
    """Sampled units that are in a match."""


class DecompositionRow(NamedTuple):
    """One layer at one ε, over the pairs for which it was computed. Sizes are None where there are none."""

    layer: str
    epsilon: str
    searched: int
    """Pairs whose simple matches were looked for."""
    complete: int
    """Pairs of which all were found."""
    found: int
    single: int
    """How many are one unit to one."""
    sizes: Sizes | None
    certified: int
    """Pairs whose units were told apart; the next three count units of these."""
    unmatched: int
    minimum: int
    several: int
    parts: tuple[int, int] | None
    """Parts of the decomposition: in the pair with the fewest and in the pair with the most."""
    smallest: Smallest | None


class ChanceRow(NamedTuple):
    """One layer at one ε."""

    layer: str
    samples: int
    epsilon: str
    observed: Cell
    shuffled: Cell
    """Over draws and pairs, as the next."""
    random: Cell
    untrained: Cell
    p_shuffled: float
    """The largest of any pair, as the next."""
    p_random: float


class JointRow(NamedTuple):
    """One layer at each ε of the run."""

    layer: str
    together: list[float]
    """Similarity of all networks at once; NaN where it was not computed."""
    pairs: list[float]
    """The mean over pairs."""


def decomposition_rows(results: Dataset) -> list[DecompositionRow]:
    """The table of decompositions.

    Args:
        results: The Dataset, with the group `decomposition`.

    Returns:
        One row a layer and ε at which anything matches and something was computed, from input to output.
    """
    simple = simple_sizes(results)
    matched = matched_units(results)
    x, y = unit_counts(results)
    units = x + y
    layers, epsilons = names(results, "layer"), epsilon_labels(results)
    complete, minimum, several, parts = (
        results[name].values for name in ("simple_complete", "certified_minimum", "certified_several", "parts")
    )
    rows = []
    for layer, epsilon in np.ndindex(len(layers), len(epsilons)):
        at = (layer, slice(None), epsilon)
        certified = (minimum[at] >= 0) & (several[at] >= 0)
        searched = (complete[at] >= 0) | (simple.found[at] > 0)
        smallest = _smallest(results, layer, epsilon)
        known_parts = parts[at][parts[at] >= 0]
        if not matched[at].any() or not (certified.any() or searched.any() or smallest or len(known_parts)):
            continue
        counts = [int(values[at][certified].sum()) for values in (minimum, several)]
        rows.append(
            DecompositionRow(
                layer=layers[layer],
                epsilon=epsilons[epsilon],
                searched=int(searched.sum()),
                complete=int((complete[at] == 1).sum()),
                found=int(simple.found[at].sum()),
                single=int(simple.single[at].sum()),
                sizes=_sizes(simple.both[at], units[layer]),
                certified=int(certified.sum()),
                unmatched=int(units[layer][certified].sum()) - sum(counts),
                minimum=counts[0],
                several=counts[1],
                parts=(int(known_parts.min()), int(known_parts.max())) if len(known_parts) else None,
                smallest=smallest,
            )
        )
    return rows


def chance_rows(results: Dataset) -> list[ChanceRow]:
    """The table of chance.

    Args:
        results: The Dataset, with the group `chance`.

    Returns:
        One row a layer and ε at which any similarity, observed or by chance, is above 0.
    """
    variables = ("chance_observed", "chance_shuffled", "chance_random", "chance_untrained")
    spreads = [spread(results, name) for name in variables]
    largest = [over_known(results[name].values).high for name in ("p_shuffled", "p_random")]
    layers, epsilons = names(results, "layer"), epsilon_labels(results)
    rows = []
    for layer, name in enumerate(layers):
        if np.isnan(spreads[0].mean[layer]).all():
            continue
        for epsilon in nonzero_epsilons(*(values.high[layer] for values in spreads)):
            at = (layer, epsilon)
            cells = [Cell(*(float(part[at]) for part in values)) for values in spreads]
            p_shuffled, p_random = (float(p[at]) for p in largest)
            samples = int(results["chance_samples"][layer])
            rows.append(ChanceRow(name, samples, epsilons[epsilon], *cells, p_shuffled=p_shuffled, p_random=p_random))
    return rows


def joint_rows(results: Dataset) -> list[JointRow]:
    """The table of all networks at once.

    Args:
        results: The Dataset, with the group `joint`.

    Returns:
        One row a layer.
    """
    together, pairs = results["joint_similarity"].values, pair_mean(results)
    return [
        JointRow(name, together[layer].tolist(), pairs[layer].tolist())
        for layer, name in enumerate(names(results, "layer"))
    ]


def _sizes(both: Ints, units: Ints) -> Sizes | None:
    held = both > 0
    if not held.any():
        return None
    sizes = both[held]
    shares = (both / np.maximum(units, 1)[:, None])[held]
    return Sizes(
        smallest=int(sizes.min()),
        median=float(np.median(sizes)),
        largest=int(sizes.max()),
        shares=(float(shares.min()), float(np.median(shares)), float(shares.max())),
    )


def _smallest(results: Dataset, layer: int, epsilon: int) -> Smallest | None:
    found, bound = (results[name][layer, :, epsilon].values for name in ("smallest_size", "smallest_bound"))
    held = (found > 0) & (results["minimal_unit"][layer, :, epsilon].values >= 0)
    if not held.any():
        return None
    return Smallest(
        found=int(found[held].min()),
        bound=int(bound[held].min()),
        exact=int((found == bound)[held].sum()),
        sampled=int(held.sum()),
    )
