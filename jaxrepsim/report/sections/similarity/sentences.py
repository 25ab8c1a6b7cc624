"""What is said of similarity: every number is counted from the results, and no sentence says why."""

import numpy as np

from jaxrepsim.report.doubtful import caveats, cited, praised
from jaxrepsim.report.epsilons import at_epsilon, epsilon_labels, headline_epsilon
from jaxrepsim.report.match_profiles import half_matched
from jaxrepsim.report.results import (
    SAME,
    Floats,
    Results,
    Spread,
    over_known,
    over_pairs,
    pair_similarity,
    plural,
    rounded,
)
from jaxrepsim.report.sections.chance.nulls import calibrated


def headline(results: Results) -> str:
    """One sentence on similarity against depth, at the largest ε of the run up to 0.5.

    Args:
        results: The tree of results.

    Returns:
        The sentence. It compares the first layer with the last, and names a layer in between that lies outside them. A
        layer of few samples is marked as one, and is not called the highest.
    """
    layers, epsilon = cited(results), headline_epsilon(results)
    mean = over_pairs(pair_similarity(results)).mean[:, epsilon]
    at = at_epsilon(results, epsilon)
    subject = f"{at}, {_similarity(results)}"
    if mean.max() == 0:
        return f"{at}, nothing matches: similarity is 0 in {plural(len(layers), 'layer')}."
    if len(layers) == 1:
        return f"{subject} is {rounded(mean[0])} in {layers[0]}."
    first, last = mean[0], mean[-1]
    ends = f"{rounded(first)} in {layers[0]}", f"{rounded(last)} in {layers[-1]}"
    if abs(first - last) < SAME:
        sentence = f"{subject} is about the same in the first and the last layer ({ends[0]}, {ends[1]})"
    else:
        sentence = f"{subject} {'falls' if last < first else 'rises'} from {ends[0]} to {ends[1]}"
    low, high = int(mean.argmin()), _highest(results, mean)
    between = []
    if mean[low] < min(first, last) - SAME:
        between.append(f"is lowest in {_and_others(layers[low], mean, mean[low])}")
    if mean[high] > max(first, last) + SAME:
        between.append(f"is highest in {_and_others(layers[high], mean[praised(results)], mean[high])}")
    return f"{sentence}{', and in between ' if between else ''}{' and '.join(between)}."


def sentences(results: Results) -> list[str]:
    """Further sentences, each of which qualifies the headline.

    Args:
        results: The tree of results.

    Returns:
        On few samples and dead units where there are any, the smallest ε, the ε at which layers come to match, and the
        spread over pairs.
    """
    spread = over_pairs(pair_similarity(results))
    return [
        *_against_chance(results),
        *caveats(results),
        *_smallest_epsilon(results, spread),
        _onset(results),
        _between_pairs(results, spread),
    ]


def _similarity(results: Results) -> str:
    return "similarity" if results.sizes["pair"] == 1 else "mean similarity over pairs"


def _and_others(layer: str, values: Floats, value: float) -> str:
    """A layer with its value, and how many more have the same."""
    more = sum(rounded(other) == rounded(value) for other in values) - 1
    others = f" and {plural(more, 'other layer')}" if more else ""
    return f"{layer}{others} ({rounded(value)})"


def _highest(results: Results, values: Floats) -> int:
    """The layer of the highest value, of those that may be called that."""
    return int(np.where(praised(results), values, -np.inf).argmax())


def _against_chance(results: Results) -> list[str]:
    """What the headline's raw values are above chance, where that is known."""
    if "chance" not in results.children:
        return []
    values = over_known(calibrated(results)).mean
    epsilon = headline_epsilon(results, (~np.isnan(values)).any(0))
    known = np.flatnonzero(~np.isnan(values[:, epsilon]))
    if not len(known):
        return []
    here = values[:, epsilon]
    best, layers = int(known[here[known].argmax()]), cited(results)
    none = int((here[known] == 0).sum())
    where = f"0 in {none} of {plural(len(known), 'layer')}"
    if none < len(known):
        highest = f"highest in {_and_others(layers[best], here[known], here[best])}"
        where = f"{highest}, and {where}" if none else highest
    return [
        f"These are raw values. {at_epsilon(results, epsilon)}, calibrated against shuffled inputs (0: as by chance), "
        f"{_similarity(results)} is {where}."
    ]


def _smallest_epsilon(results: Results, spread: Spread) -> list[str]:
    epsilon = int(np.argmin(results["epsilon"].values))
    if epsilon == headline_epsilon(results):
        return []
    at, layers = at_epsilon(results, epsilon), cited(results)
    empty = int((spread.high[:, epsilon] == 0).sum())
    where = "" if results.sizes["pair"] == 1 else " in every pair"
    if empty == len(layers):
        return [f"{at} nothing matches: the maximum match is empty{where} in {plural(empty, 'layer')}."]
    best = _highest(results, spread.mean[:, epsilon])
    value = rounded(spread.mean[best, epsilon])
    if len(layers) == 1:
        return [f"{at} it is {value}."]
    start = f"{at} the maximum match is empty{where} in {empty} of {len(layers)} layers"
    if spread.mean[best, epsilon] == 0:
        return [f"{start}: in all that have enough samples."]
    return [f"{start}; {_similarity(results)} is highest in {layers[best]} ({value})."]


def _onset(results: Results) -> str:
    half = over_pairs(half_matched(results)).mean
    layers = cited(results)
    if not np.isfinite(half).any():
        return "In no layer is half of the units matched at any ε: too many are dead."
    reached = np.flatnonzero(np.isfinite(half) & praised(results))
    if not len(reached):
        return "Half of the units are matched at some ε in layers of few samples only: in the others too many are dead."
    low, high = reached[half[reached].argmin()], reached[half[reached].argmax()]
    ends = [f"ε = {half[layer]:.2f} ({layers[layer]})" for layer in (low, high)]
    if low == high:
        return f"Half of the units are matched from {ends[0]} on."
    return f"The ε from which on half of a layer's units are matched lies between {ends[0]} and {ends[1]}."


def _between_pairs(results: Results, spread: Spread) -> str:
    pairs = results.sizes["pair"]
    if pairs == 1:
        return "There is one pair, so nothing can be said on how much similarity varies from pair to pair."
    width = spread.high - spread.low
    if width.max() == 0:
        return f"The {pairs} pairs have the same similarity in every layer and at every ε of the run."
    layer, epsilon = np.unravel_index(width.argmax(), width.shape)
    return (
        f"The {pairs} pairs differ by up to {rounded(width.max())} in similarity (largest minus smallest; in "
        f"{cited(results)[layer]} at ε = {epsilon_labels(results)[epsilon]})."
    )
