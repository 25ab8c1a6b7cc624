"""Convolutional against fully connected layers: their match profiles, and their similarity with depth."""

import re
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from xarray import Dataset

from jaxrepsim.report.chance import compared, spread
from jaxrepsim.report.doubtful import few_samples, hollow_handle
from jaxrepsim.report.labels import ALONE, layer_labels, legend_columns, mark_layers
from jaxrepsim.report.panels import nonzero_epsilons, thinned
from jaxrepsim.report.several.runs import UPPER
from jaxrepsim.report.style import MUTED, PAPER, Column, category_style, new_figure, paper_style
from jaxrepsim.report.summaries import (
    Floats,
    Spread,
    epsilon_labels,
    names,
    over_known,
    pair_similarity,
    profile_auc,
    profile_similarity,
)

KINDS = ("convolutional", "pooled", "fully connected", "output", "other")
_CONVOLUTION = re.compile(r"stem|conv\d+(_\d+)?|block\d+_\d+\.(conv\d+|sum)")
_MOST_EPSILONS = 2
_GRID = np.arange(0, 1.0001, 0.01)
_CHANCE: dict[str, Any] = {"color": MUTED, "marker": "_", "markersize": 8, "markeredgewidth": 1.1, "linestyle": "none"}


class KindRow(NamedTuple):
    """All layers of one kind: for each layer the mean over pairs, then mean, lowest and highest over layers."""

    kind: str
    layers: int
    few: int
    """Layers with fewer than ten samples a unit: part of their similarity is chance."""
    auc: Spread
    """Mean similarity over ε up to 0.5: three numbers."""
    similarity: Spread
    """At each ε, three arrays (ε,)."""
    shuffled: Floats
    """At each ε what shuffled inputs give, the mean over layers, pairs and draws: (ε,), NaN where not computed."""


def kind_of(layer: str) -> str:
    """Which kind of layer a name of this package's models means.

    The output is apart: that two good networks agree there says only that both fit the same targets.

    Args:
        layer: Such as `conv3`, `block2_1.sum`, `fc1`.

    Returns:
        One of `KINDS`; `other` where it is no name of theirs, as in activation files.

    >>> [kind_of(name) for name in ("stem", "block1_2.conv1", "pool", "fc1", "logits")]
    ['convolutional', 'convolutional', 'pooled', 'fully connected', 'output']
    """
    if layer == "logits":
        return "output"
    if re.fullmatch(r"fc\d+", layer):
        return "fully connected"
    if layer == "pool":
        return "pooled"
    return "convolutional" if _CONVOLUTION.fullmatch(layer) else "other"


def both_kinds(results: Dataset) -> bool:
    """Whether there is a convolutional layer, and one that is fully connected or the output."""
    kinds = {kind_of(name) for name in names(results, "layer")}
    return "convolutional" in kinds and bool(kinds & {"fully connected", "output"})


def kind_rows(results: Dataset) -> list[KindRow]:
    """Similarity by kind of layer.

    Args:
        results: The Dataset.

    Returns:
        One row a kind that there is.
    """
    kinds = _kinds(results)
    auc, similarity = profile_auc(results, UPPER).mean(1), pair_similarity(results).mean(1)
    null = spread(results, "chance_shuffled").mean if compared(results) else np.full(similarity.shape, np.nan)
    few = few_samples(results)
    return [
        KindRow(
            kind,
            int(here.sum()),
            int(few[here].sum()),
            over_known(auc[here], 0),
            over_known(similarity[here], 0),
            over_known(null[here], 0).mean,
        )
        for kind, here in kinds.items()
    ]


def similarity_by_kind(results: Dataset, column: Column = "single") -> Figure:
    """Draws the match profile of each kind of layer, and similarity with depth at up to two ε, coloured by kind.

    Profiles (how many units match, at every ε) are means over layers; bands run from the lowest layer to the highest.
    Below, each pair is a point and a line joins the means; bars are the mean of shuffled inputs, where chance was
    computed: fully connected layers have a sample an image only, so that chance gives them more. Hollow points rest on
    fewer than ten samples a unit.

    Args:
        results: The Dataset.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.
    """
    kinds, labels = (
        _kinds(results),
        layer_labels(names(results, "layer"), column, ALONE[column]),
    )
    profile = profile_similarity(results, _GRID).mean(1)
    similarity = pair_similarity(results)
    null = spread(results, "chance_shuffled").mean if compared(results) else None
    shown = thinned(nonzero_epsilons(similarity) or [similarity.shape[-1] - 1], _MOST_EPSILONS)
    few = few_samples(results)
    with paper_style():
        handles = [
            Line2D([], [], markeredgecolor=PAPER, label=kind, **category_style(KINDS.index(kind))) for kind in kinds
        ]
        if null is not None:
            handles.append(Line2D([], [], label="shuffled inputs", **_CHANCE))
        if few.any():
            handles.append(hollow_handle())
        columns = legend_columns([str(handle.get_label()) for handle in handles], column)
        height = 1.75 + 1.25 * len(shown) + labels.height + 0.75 + 0.15 * -(-len(handles) // columns)
        figure = new_figure(column, height)
        top, *rest = figure.subplots(1 + len(shown), 1, squeeze=False, height_ratios=[1.5] + [1] * len(shown)).ravel()
        _profiles(top, results, kinds, profile)
        for axes, epsilon in zip(rest, shown, strict=True):
            _depth(axes, kinds, similarity[..., epsilon], few, None if null is None else null[:, epsilon])
            axes.set_title(f"ε = {epsilon_labels(results)[epsilon]}", loc="left", pad=3)
            mark_layers(axes, labels, written=axes is rest[-1])
        rest[-1].set_xlabel("layer, from input to output")
        figure.legend(handles=handles, loc="outside upper center", ncols=columns)
    return figure


def _kinds(results: Dataset) -> dict[str, NDArray[np.bool_]]:
    """For each kind that there is, which layers are of it."""
    of = np.array([kind_of(name) for name in names(results, "layer")])
    return {kind: of == kind for kind in KINDS if (of == kind).any()}


def _profiles(axes: Axes, results: Dataset, kinds: dict[str, NDArray[np.bool_]], profile: Floats) -> None:
    for kind, here in kinds.items():
        style: dict[str, Any] = category_style(KINDS.index(kind)) | {"markevery": 10}
        mean, low, high = over_known(profile[here], 0)
        axes.fill_between(_GRID, low, high, color=style["color"], alpha=0.16, linewidth=0)
        axes.plot(_GRID, mean, markeredgecolor=PAPER, clip_on=False, zorder=3, **style)
    for epsilon in results["epsilon"].values:
        axes.axvline(epsilon, color=MUTED, linewidth=0.4, linestyle=(0, (1, 3)), zorder=1)
    axes.set(xlim=(0, 1), ylim=(0, 1), yticks=(0, 0.5, 1), xlabel="ε", ylabel="similarity")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.set_title("all layers of a kind, every ε", loc="left", pad=3)


def _depth(
    axes: Axes, kinds: dict[str, NDArray[np.bool_]], values: Floats, few: NDArray[np.bool_], null: Floats | None
) -> None:
    depth = np.arange(len(values))
    axes.plot(depth, values.mean(1), color=MUTED, linewidth=0.7, zorder=2)
    if null is not None:
        axes.plot(depth, null, clip_on=False, zorder=3, **_CHANCE)
    for kind, here in kinds.items():
        style: dict[str, Any] = category_style(KINDS.index(kind)) | {"linestyle": "none"}
        for layer in np.flatnonzero(here):
            hollow = {"markerfacecolor": PAPER, "markeredgecolor": style["color"], "markeredgewidth": 0.8}
            look: dict[str, Any] = style | (hollow if few[layer] else {"markeredgecolor": PAPER})
            aside = 0.12 * (np.arange(values.shape[1]) - (values.shape[1] - 1) / 2)
            aside = aside if values.shape[1] <= 6 else np.zeros(values.shape[1])
            axes.plot(layer + aside, values[layer], clip_on=False, zorder=4, **look)
    axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), ylabel="similarity")
    axes.yaxis.set_major_formatter("{x:g}")
