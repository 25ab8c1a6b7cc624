"""Convolutional against fully connected layers: their match profiles, and their similarity with depth."""

import re

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame, concat

from jaxrepsim.report.doubtful import draw_pairs, few_samples, hollow_handles
from jaxrepsim.report.epsilons import epsilon_labels, nonzero_epsilons
from jaxrepsim.report.experiments.runs import MEAN_LABEL
from jaxrepsim.report.figure import framed, over_layers, similarity_axis
from jaxrepsim.report.labels import ROOM, layer_labels
from jaxrepsim.report.match_profiles import profile_auc, profile_similarity
from jaxrepsim.report.results import Floats, Mask, Results, names, over_known, pair_similarity, thinned
from jaxrepsim.report.sections.chance import nulls
from jaxrepsim.report.style import MUTED, PAPER, Column, Look, category_style, legend_line, paper_style

TYPES = ("convolutional", "pooled", "fully connected", "output", "other")
"""Of layers, in the order of rows and of the legend."""
_CONVOLUTION = re.compile(r"stem|conv\d+(_\d+)?|block\d+_\d+\.(conv\d+|sum)")
_MOST_EPSILONS = 2
_GRID = np.arange(0, 1.0001, 0.01)
_CHANCE: Look = {"color": MUTED, "marker": "_", "markersize": 8, "markeredgewidth": 1.1, "linestyle": "none"}


def type_of(layer: str) -> str:
    """Which type of layer a name of this package's models means.

    The output is apart: that two good networks agree there says only that both fit the same targets.

    Args:
        layer: Such as `conv3`, `block2_1.sum`, `fc1`.

    Returns:
        One of `TYPES`; `other` where it is no name of theirs, as in activation files.

    >>> [type_of(name) for name in ("stem", "block1_2.conv1", "pool", "fc1", "logits")]
    ['convolutional', 'convolutional', 'pooled', 'fully connected', 'output']
    """
    if layer == "logits":
        return "output"
    if re.fullmatch(r"fc\d+", layer):
        return "fully connected"
    if layer == "pool":
        return "pooled"
    return "convolutional" if _CONVOLUTION.fullmatch(layer) else "other"


def both_types(results: Results) -> bool:
    """Whether there is a convolutional layer, and one that is fully connected or the output."""
    types = {type_of(name) for name in names(results, "layer")}
    return "convolutional" in types and bool(types & {"fully connected", "output"})


def type_table(results: Results) -> DataFrame:
    """Similarity by type of layer.

    Args:
        results: The tree of results.

    Returns:
        For each type that there is, one row for the mean similarity over ε up to 0.5 and one per ε: how many layers,
        and how many of them have fewer than ten samples a unit, so that part of their similarity is chance; of the mean
        over pairs the mean over layers, the lowest and the highest layer; what shuffled inputs give, the mean over
        layers, pairs and draws, NaN where not computed.
    """
    auc, similarity = profile_auc(results).mean(1), pair_similarity(results).mean(1)
    values, null = np.column_stack([auc, similarity]), _shuffled(results)
    tables = []
    for layer_type, here in _types(results).items():
        spread, shuffled = over_known(values[here], 0), over_known(null[here], 0).mean
        columns = {
            "kind": layer_type,
            "layers": here.sum(),
            "of few samples": few_samples(results)[here].sum(),
            "ε": [MEAN_LABEL, *epsilon_labels(results)],
            "similarity": spread.mean,
            "lowest layer": spread.low,
            "highest layer": spread.high,
            "shuffled": [np.nan, *shuffled],
        }
        tables.append(DataFrame(columns))
    return concat(tables, ignore_index=True)


@paper_style()
def similarity_by_type(results: Results, column: Column = "single") -> Figure:
    """Draws the match profile of each type of layer, and similarity with depth at up to two ε, coloured by type.

    Profiles (how many units match, at every ε) are means over layers; bands run from the lowest layer to the highest.
    Below, each pair is a point and a line joins the means; bars are the mean of shuffled inputs, where chance was
    computed: fully connected layers have one sample per image only, so that chance gives them more. Hollow points rest
    on fewer than ten samples a unit.

    Args:
        results: The tree of results.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.
    """
    types, labels = _types(results), layer_labels(names(results, "layer"), column, ROOM[column])
    similarity, null, few = pair_similarity(results), _shuffled(results), few_samples(results)
    drawn = thinned(nonzero_epsilons(similarity) or [similarity.shape[-1] - 1], _MOST_EPSILONS)
    handles = [legend_line(markeredgecolor=PAPER, label=name, **_look(name)) for name in types]
    if not np.isnan(null).all():
        handles.append(legend_line(label="shuffled inputs", **_CHANCE))
    handles += hollow_handles(few)
    with framed(column, 1.75 + 1.25 * len(drawn) + labels.height + 0.75, handles) as figure:
        heights = [1.5] + [1] * len(drawn)
        top, *stacked = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights).ravel()
        _profiles(top, results, types)
        for axes, epsilon in zip(stacked, drawn, strict=True):
            _depth(axes, types, similarity[..., epsilon], few, null[:, epsilon])
            axes.set_title(f"ε = {epsilon_labels(results)[epsilon]}", loc="left", pad=3)
        over_layers(stacked, labels)
    return figure


def _types(results: Results) -> dict[str, Mask]:
    """For each type that there is, which layers are of it."""
    of = np.array([type_of(name) for name in names(results, "layer")])
    return {layer_type: of == layer_type for layer_type in TYPES if (of == layer_type).any()}


def _shuffled(results: Results) -> Floats:
    """What shuffled inputs give, the mean over pairs and draws: (layer, ε), NaN where not computed."""
    if "chance" not in results.children:
        return np.full((results.sizes["layer"], results.sizes["epsilon"]), np.nan)
    return nulls.spread(results, "shuffled").mean


def _look(layer_type: str) -> Look:
    return category_style(TYPES.index(layer_type))


def _profiles(axes: Axes, results: Results, types: dict[str, Mask]) -> None:
    profile = profile_similarity(results, _GRID).mean(1)
    for layer_type, here in types.items():
        style = _look(layer_type)
        mean, low, high = over_known(profile[here], 0)
        axes.fill_between(_GRID, low, high, color=style["color"], alpha=0.16, linewidth=0)
        axes.plot(_GRID, mean, markeredgecolor=PAPER, markevery=10, clip_on=False, zorder=3, **style)
    for epsilon in results["epsilon"].values:
        axes.axvline(epsilon, color=MUTED, linewidth=0.4, linestyle=(0, (1, 3)), zorder=1)
    axes.set(xlim=(0, 1), xlabel="ε")
    similarity_axis(axes)
    axes.set_title("all layers of a kind, every ε", loc="left", pad=3)


def _depth(axes: Axes, types: dict[str, Mask], values: Floats, few: Mask, null: Floats) -> None:
    depth, pairs = np.arange(len(values)), values.shape[1]
    axes.plot(depth, values.mean(1), color=MUTED, linewidth=0.7, zorder=2)
    axes.plot(depth, null, clip_on=False, zorder=3, **_CHANCE)
    aside = 0.12 * (np.arange(pairs) - (pairs - 1) / 2) if pairs <= 6 else np.zeros(pairs)
    for layer_type, here in types.items():
        style = _look(layer_type)
        for layer in np.flatnonzero(here):
            draw_pairs(axes, layer + aside, values[layer], few[layer], style["color"], style["marker"])
    similarity_axis(axes)
