"""How matches come apart: simple matches, minimum matches, the smallest minimal matches."""

import numpy as np
from pandas import DataFrame

from jaxrepsim.report.epsilons import at_epsilon, epsilon_labels, headline_epsilon
from jaxrepsim.report.results import Ints, Results, names, plural
from jaxrepsim.report.section import COUNT, Alike, Section, Variable, coordinates
from jaxrepsim.report.sections.decomposition import certificates, simple_matches
from jaxrepsim.report.sections.decomposition.simple_matches import any_simple, matched_units, simple_sizes
from jaxrepsim.report.tables import Rows, by_layer, page_rows

_CELL = ("layer", "pair", "epsilon")
_SIMPLE = (*_CELL, "simple")
_SAMPLED = (*_CELL, "sample")
_COUNTS = ("simple_complete", "certified_minimum", "certified_several", "parts", "smallest_size", "smallest_bound")
VARIABLES: dict[str, Variable] = {
    **coordinates(
        simple="simple match: Index of the simple match in the order in which they were found.",
        other_simple="other simple match: Index of the second of two simple matches.",
    ),
    **Alike((*_SIMPLE, "unit")).of_sides(
        simple="units of the {own} network in the simple match: Whether the unit of the {own} network is in the simple "
        "match, 1 or 0; −1 throughout where there is no such match.",
    ),
    **Alike((*_SIMPLE, "other_simple")).named(
        simple_below="simple match inside another: 1 where other_simple lies inside simple with no simple match found "
        "between the two, else 0.",
    ),
    **Alike(_CELL).named(
        simple_complete="whether all simple matches were found: 1 where all were found, 0 where the search stopped "
        "before, −1 where none was made.",
    ),
    **Alike(_CELL, COUNT).named(
        certified_minimum="units with a minimum match: Number of matched units of both networks that are proven to "
        "have exactly one v-minimal match.",
        certified_several="units with several minimal matches: Number of matched units of both networks that are "
        "proven to have two v-minimal matches or more; with certified_minimum all that are matched.",
        parts="simple matches that make the maximum match: Number of simple matches, none of them spare, whose union "
        "is the maximum match.",
    ),
    **Alike(_SAMPLED, COUNT).named(
        smallest_size="size of the smallest minimal match found: Number of units of both networks in the smallest "
        "v-minimal match found for the sampled unit of minimal_matches; 0 where it is in no match.",
        smallest_bound="lower bound of the smallest minimal match: Proven least number of units of both networks in "
        "any match that holds the sampled unit of minimal_matches; 0 where it is in none.",
    ),
}


def decomposition_rows(results: Results) -> Rows:
    """The table of decompositions.

    Args:
        results: Results with the group `decomposition`.

    Returns:
        One row per layer and ε at which anything matches and something was computed, over the pairs for which it was:

        - `searched`, pairs whose simple matches were looked for; `complete`, those of which all were found.
        - `found`, how many simple matches; `single`, how many are one unit to one; `sizes` of the smallest, the median
          and the largest, units of both sides, and the same as `shares` of the layer's units in both networks.
        - `certified`, pairs whose certificates were computed; the units of these that are `unmatched`, that have a
          `minimum` match, and that have `several`.
        - `parts` of the decomposition: in the pair with the fewest and in the pair with the most.
        - `smallest` v-minimal match of any sampled unit, a proven bound of its size and the size that was found;
          `sampled`, sampled units that are in a match; `exact`, those of which the smallest is known.

        Sizes, shares, parts and smallest are None where there are none.
    """
    simple = simple_sizes(results)
    both, shares = simple.both, simple.shares
    complete, minimum, several, parts, size, bound = (results[f"decomposition/{name}"].values for name in _COUNTS)
    certified, held = (minimum >= 0) & (several >= 0), size > 0
    counted = {
        "searched": (complete >= 0) | (simple.found > 0),
        "complete": complete == 1,
        "found": simple.found,
        "single": simple.single.sum(-1),
        "certified": certified,
        "unmatched": np.where(certified, simple.units[:, :, None] - minimum - several, 0),
        "minimum": np.where(certified, minimum, 0),
        "several": np.where(certified, several, 0),
        "sampled": held.sum(-1),
        "exact": (held & (size == bound)).sum(-1),
    }
    places = [(layer, slice(None), epsilon) for layer, epsilon in np.ndindex(both.shape[0], both.shape[2])]
    columns = {
        "layer": np.repeat(names(results, "layer"), results.sizes["epsilon"]),
        "epsilon": epsilon_labels(results) * results.sizes["layer"],
        **{name: counts.sum(1).ravel() for name, counts in counted.items()},
        "sizes": [_quantiles(both[at], both[at] > 0, 0, 0.5, 1) for at in places],
        "shares": [_quantiles(shares[at], both[at] > 0, 0, 0.5, 1) for at in places],
        "parts": [_quantiles(parts[at], parts[at] >= 0, 0, 1) for at in places],
        "smallest": [_quantiles(np.stack([bound[at], size[at]], -1), held[at], 0) for at in places],
    }
    known = (parts >= 0) | certified | counted["searched"] | held.any(-1)
    return page_rows(columns, np.flatnonzero(matched_units(results).any(1) & known.any(1)))


def _quantiles(values: np.ndarray, known: np.ndarray, *shares: float) -> list[float] | None:
    return np.quantile(values[known], shares, axis=0).ravel().tolist() if known.any() else None


def simple_match_table(results: Results) -> DataFrame:
    """The simple matches that were found.

    Args:
        results: Results with the group `decomposition`.

    Returns:
        One row per match: its sizes and units (indices, separated by spaces) on both sides, the numbers of the matches
        directly inside it, and whether all simple matches of this layer, pair and ε were found.
    """
    columns = ["layer", "pair", "epsilon", "match", "size_x", "size_y", "units_x", "units_y", "contains", "complete"]
    rows = []
    layers, pairs, epsilons = (results[dim].values.tolist() for dim in _CELL)
    group = results["decomposition"]
    # One layer at a time: all masks together may be large.
    for layer, name in enumerate(layers):
        x, y, below, complete = (group[f"simple_{v}"].values[layer] == 1 for v in ("x", "y", "below", "complete"))
        for pair, epsilon, match in np.argwhere(x.any(-1) | y.any(-1)).tolist():
            at = (pair, epsilon, match)
            units = [np.flatnonzero(side[at]) for side in (x, y)]
            lists = [" ".join(map(str, indices)) for indices in (*units, np.flatnonzero(below[at]))]
            sizes = [len(side) for side in units]
            rows.append([name, pairs[pair], epsilons[epsilon], match, *sizes, *lists, int(complete[pair, epsilon])])
    return DataFrame(rows, columns=columns)


def _sentences(results: Results) -> list[str]:
    return _on_sizes(results) + _on_minimum_matches(results)


def _on_sizes(results: Results) -> list[str]:
    complete = results["decomposition/simple_complete"].values
    searched = complete >= 0
    if not any_simple(results):
        return ["No simple match was found at any ε."] if searched.any() else []
    sizes = simple_sizes(results)
    epsilon = headline_epsilon(results, sizes.found.any((0, 1)))
    both = sizes.both[:, :, epsilon]
    held = both > 0
    found, single = int(held.sum()), int(sizes.single[:, :, epsilon].sum())
    share = np.median(sizes.shares[:, :, epsilon][held])
    stopped = int((searched & (complete != 1))[:, :, epsilon].sum())
    cases = int(searched[:, :, epsilon].sum())
    whole = f"; {stopped:,} of {plural(cases, 'search', 'searches')} stopped early" if stopped else "; all were found"
    matches = plural(found, "simple match", "simple matches")
    return [
        f"{at_epsilon(results, epsilon)}, {single:,} of {matches} found {'is' if single == 1 else 'are'} one unit to "
        f"one ({single / found:.0%}); the median one holds {_median_size(both[held])}, {share:.0%} of both networks' "
        f"units in the layer{whole}."
    ]


def _median_size(sizes: Ints) -> str:
    """A median number of units, which may be half a unit.

    >>> _median_size(np.array([1, 2])), _median_size(np.array([2]))
    ('1.5 units', '2 units')
    """
    median = float(np.median(sizes))
    return f"{median:g} unit{'' if median == 1 else 's'}"


def _on_minimum_matches(results: Results) -> list[str]:
    proven, several = (results[f"decomposition/certified_{name}"].values for name in ("minimum", "several"))
    matched = matched_units(results)
    known = (proven >= 0) & (several >= 0) & (matched > 0)
    if not known.any():
        return []
    epsilon = headline_epsilon(results, known.any((0, 1)))
    held = known[:, :, epsilon]
    total, minimum = (int(counts[:, :, epsilon][held].sum()) for counts in (matched, proven))
    return [
        f"{at_epsilon(results, epsilon)}, {minimum:,} of {plural(total, 'unit')} in maximum matches "
        f"{'has' if minimum == 1 else 'have'} a proven minimum match ({minimum / total:.0%}): only one v-minimal match."
    ]


SECTION = Section(
    title="Decomposition",
    file=__file__,
    variables=VARIABLES,
    context=lambda results: {"rows": by_layer(decomposition_rows(results))},
    sentences=_sentences,
    figures=(certificates.DRAWING, simple_matches.DRAWING),
    tables={"decomposition": simple_match_table},
)
