"""What the optional groups of results say, in sentences that are counted from them; no sentence says why."""

import numpy as np
from xarray import Dataset

from jaxrepsim.report.chance import compared
from jaxrepsim.report.decomposition import any_simple, certificates, certified, matched_units, simple_sizes
from jaxrepsim.report.doubtful import cited
from jaxrepsim.report.joint import matched_at_once, pair_mean
from jaxrepsim.report.over_training import followed, training_mean
from jaxrepsim.report.schema import holds
from jaxrepsim.report.stability import looked_at
from jaxrepsim.report.summaries import SAME, epsilon_labels, headline_epsilon, plural, rounded, unit_counts


def theory_details(results: Dataset) -> list[str]:
    """Sentences on decomposition, chance, all networks at once, stability and training, as far as results hold them.

    Each speaks of the ε of the headline, or of the next one for which there is anything to say.

    Args:
        results: The Dataset.

    Returns:
        The sentences.
    """
    sentences = []
    if holds(results, "decomposition"):
        sentences += _simple(results)
        sentences += _certified(results)
    if compared(results):
        sentences += _chance(results)
    if matched_at_once(results) and results.sizes["network"] > 2:
        sentences += _joint(results)
    if holds(results, "stability") and results["theta_lower"].notnull().any():
        sentences += _stability(results)
    if followed(results):
        sentences += _training(results)
    return sentences


def _at(results: Dataset, epsilon: int) -> str:
    return f"At ε = {epsilon_labels(results)[epsilon]}"


def _simple(results: Dataset) -> list[str]:
    searched = results["simple_complete"].values >= 0
    if not any_simple(results):
        return ["No simple match was found at any ε."] if searched.any() else []
    sizes = simple_sizes(results)
    epsilon = headline_epsilon(results, sizes.found.any((0, 1)))
    both = sizes.both[:, :, epsilon]
    found, single = int((both > 0).sum()), int(sizes.single[:, :, epsilon].sum())
    x, y = unit_counts(results)
    shares = (both / np.maximum(x + y, 1)[:, :, None])[both > 0]
    stopped = int((searched & (results["simple_complete"].values != 1))[:, :, epsilon].sum())
    cases = int(searched[:, :, epsilon].sum())
    whole = f"; {stopped:,} of {plural(cases, 'search', 'searches')} stopped early" if stopped else "; all were found"
    matches = plural(found, "simple match", "simple matches")
    return [
        f"{_at(results, epsilon)}, {single:,} of {matches} found {'is' if single == 1 else 'are'} one unit to one "
        f"({single / found:.0%}); the median one holds {median_size(both[both > 0])}, {np.median(shares):.0%} "
        f"of both networks' units in the layer{whole}."
    ]


def median_size(sizes: np.ndarray) -> str:
    """A median number of units, which may be half a unit.

    >>> median_size(np.array([1, 2])), median_size(np.array([2]))
    ('1.5 units', '2 units')
    """
    median = float(np.median(sizes))
    return f"{median:g} unit{'' if median == 1 else 's'}"


def _certified(results: Dataset) -> list[str]:
    if not certified(results):
        return []
    matched = matched_units(results)
    known = ~np.isnan(certificates(results).none) & (matched > 0)
    if not known.any():
        return []
    epsilon = headline_epsilon(results, known.any((0, 1)))
    held = known[:, :, epsilon]
    total = int(matched[:, :, epsilon][held].sum())
    minimum = int(results["certified_minimum"].values[:, :, epsilon][held].sum())
    return [
        f"{_at(results, epsilon)}, {minimum:,} of {plural(total, 'unit')} in maximum matches "
        f"{'has' if minimum == 1 else 'have'} a proven minimum match ({minimum / total:.0%}): only one v-minimal match."
    ]


def _chance(results: Dataset) -> list[str]:
    observed, shuffled = results["chance_observed"].values, results["chance_shuffled"].values
    epsilon = headline_epsilon(results, (~np.isnan(observed)).any((0, 1)))
    here, draws = observed[:, :, epsilon], shuffled[:, :, epsilon]
    layers = np.flatnonzero((~np.isnan(here)).any(1))
    highest = np.where(np.isnan(draws), -np.inf, draws).max(-1)
    above = [layer for layer in layers if (np.isnan(here[layer]) | (here[layer] > highest[layer])).all()]
    pairs = "" if results.sizes["pair"] == 1 else " in every pair"
    count = results.sizes["draw"]
    every = "the one shuffled draw" if count == 1 else f"every one of {count:,} shuffled draws"
    where = f"in {len(above)} of {plural(len(layers), 'layer')}"
    start = f"{_at(results, epsilon)}, similarity is above {every}{pairs} {where}"
    if not above:
        return [f"{start}."]
    p = results["p_shuffled"].values[above, :, epsilon]
    return [f"{start} (p ≤ {np.nanmax(p):.2g} in each)."] if not np.isnan(p).all() else [f"{start}."]


def _joint(results: Dataset) -> list[str]:
    together, pairs = results["joint_similarity"].values, pair_mean(results)
    epsilon = headline_epsilon(results, (~np.isnan(together)).any(0))
    known = np.flatnonzero(~np.isnan(together[:, epsilon]))
    fall = (pairs - together)[known, epsilon]
    layer = known[fall.argmax()]
    start = f"{_at(results, epsilon)}, similarity of all {results.sizes['network']} networks at once"
    if fall.max() < SAME:
        return [f"{start} is about that of pairs in every layer."]
    name = cited(results)[layer]
    values = f"{rounded(together[layer, epsilon])} against {rounded(pairs[layer, epsilon])}"
    if len(known) == 1:
        return [f"{start} is {values} of pairs in {name}."]
    lower = int((fall >= SAME).sum())
    return [f"{start} lies below that of pairs in {lower} of {len(known)} layers, most in {name} ({values})."]


def _stability(results: Dataset) -> list[str]:
    verdicts = looked_at(results)["stable"].values
    cases, stable, unstable = verdicts.size, int((verdicts == 1).sum()), int((verdicts == 0).sum())
    subject = f"{plural(cases, 'case')} (layer, pair and ε)"
    if not stable:
        start = f"In none of {subject} is the theorem on unique decompositions proven to apply"
    else:
        layers = int((verdicts == 1).any((1, 2)).sum())
        start = (
            f"In {stable:,} of {subject} the theorem on unique decompositions is proven to apply, in {layers} of "
            f"{plural(len(verdicts), 'layer')}"
        )
    return [f"{start}; in {unstable:,} it is proven not to, in {cases - stable - unstable:,} undecided."]


def _training(results: Dataset) -> list[str]:
    mean = training_mean(results)
    known = ~np.isnan(mean)
    if results.sizes["checkpoint"] < 2:
        return []
    epsilon = headline_epsilon(results, known.any((0, 1)))
    epochs = results["checkpoint"].values
    layers = np.flatnonzero(known[[0, -1], :, epsilon].all(0))
    if not len(layers):
        return []
    first, last = mean[0, layers, epsilon], mean[-1, layers, epsilon]
    change = last - first
    rise, fall = int((change >= SAME).sum()), int((change <= -SAME).sum())
    start = f"{_at(results, epsilon)}, from epoch {epochs[0]:g} to epoch {epochs[-1]:g} similarity"
    if len(layers) == 1:
        return [f"{start} goes from {rounded(first[0])} to {rounded(last[0])} in {cited(results)[layers[0]]}."]
    largest = int(np.abs(change).argmax())
    most = f"{cited(results)[layers[largest]]}, from {rounded(first[largest])} to {rounded(last[largest])}"
    return [
        f"{start} rises in {rise} and falls in {fall} of {len(layers)} layers; averaged over layers it goes from "
        f"{rounded(first.mean())} to {rounded(last.mean())}, and changes most in {most}."
    ]
