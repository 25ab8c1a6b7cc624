"""Similarity of every layer of one network with every layer of another, as a heat map."""

from collections.abc import Mapping
from math import ceil

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from pandas import DataFrame
from xarray import Dataset

from jaxrepsim.report.doubtful import FEW_SAMPLES
from jaxrepsim.report.epsilons import epsilon_labels, headline_epsilon
from jaxrepsim.report.figure import Drawing, framed
from jaxrepsim.report.labels import layer_labels, mark_layers, named, shortened
from jaxrepsim.report.map_grid import map_grid
from jaxrepsim.report.results import Floats, Results, computed, names
from jaxrepsim.report.section import COUNT, PURE, Alike, Section, Variable, coordinates
from jaxrepsim.report.sections.measures import DARKER, limits, raw
from jaxrepsim.report.style import TICK_SIZE, Column, Look, legend_line
from jaxrepsim.report.tables import long_table

_LAYERS = ("layer_x", "layer_y")
_CELL = ("pair", *_LAYERS)
VARIABLES: dict[str, Variable] = {
    **coordinates(
        layer_x="layer of the first network: Name of the layer of the first network of a pair.",
        layer_y="layer of the second network: Name of the layer of the second network of a pair.",
    ),
    **Alike((*_CELL, "epsilon"), PURE).named(
        similarity="similarity across layers: Similarity of layer_x of the pair's first network with layer_y of its "
        "second; NaN where a network has no such layer.",
    ),
    **coordinates(measure="measure: Name of the measure beside the match."),
    **Alike((*_CELL, "measure"), PURE).named(
        value="value of a measure across layers: What the measure gives for layer_x of the pair's first network and "
        "layer_y of its second; NaN where it could not be computed.",
    ),
    **Alike(("layer_x",), COUNT).named(units_x="units: Most units that any network has in layer_x."),
    **Alike(("layer_y",), COUNT).named(units_y="units: Most units that any network has in layer_y."),
    **Alike(_CELL, COUNT).named(
        samples="rows of a comparison across layers: Number of rows of activations that the two layers are compared "
        "on.",
    ),
    **Alike(_CELL).named(
        pooled="whether maps were averaged: 1 where maps of different shapes were averaged to one vector per image, "
        "else 0.",
    ),
}
_HATCH = "#d55e00"
"""A colour that stands out from both ends of the map."""
# The map is the same on a dark page, and so are its dots.
_DOT, _EDGE = "#f2f2f2", "#101010"
_SIDE = {"single": 1.9, "double": 4.4}
_LONGEST = {"single": 14, "double": 20}
_WIDE_ENOUGH = 24
"""Up to this many layers two maps stand side by side."""


def across_table(results: Results) -> DataFrame:
    """Similarity of layers with other layers.

    Args:
        results: Results with the group `across_layers`.

    Returns:
        One row per layer of the first network, layer of the second, ε and pair: the similarity, the samples, and
        whether maps were pooled.
    """
    table = results["across_layers"].to_dataset()[["similarity", "samples", "pooled"]]
    return long_table(table, [*_LAYERS, "epsilon", "pair"], "similarity")


def _draw(results: Results, column: Column) -> Figure:
    """The similarity, the mean over pairs, of each layer of the first with each layer of the second network.

    At the largest ε up to 0.5, and in both columns of a paper at the next smaller one too, where layers are few.
    """
    mean = _drawn(results)["similarity"].mean("pair").values
    maps = {f"ε = {epsilon_labels(results)[at]}": mean[..., at] for at in _epsilons(results, mean, column)}
    return heat_maps(results, maps, "similarity", (0, 1), column)


def draw_measure(results: Results, measure: str, column: Column) -> Figure:
    """The same of a measure beside the match.

    Args:
        results: Results with the group `across_layers`.
        measure: One that was computed across layers.
        column: The width.
    """
    mean = _drawn(results)["value"].sel(measure=measure).mean("pair").values
    return heat_maps(results, {measure: mean}, measure, limits(measure, mean), column)


def heat_maps(
    results: Results, maps: Mapping[str, Floats], label: str, ends: tuple[float, float], column: Column
) -> Figure:
    """Maps of layers by layers side by side, with the cells marked that rest on means or on few samples.

    Args:
        results: Results with the group `across_layers`.
        maps: (layer_x, layer_y) each, by its title.
        label: Of the colours.
        ends: The least and the largest colour.
        column: The width.
    """
    drawn = _drawn(results)
    # Two maps share the width: each has what one has in a single column.
    below, beside = (drawn[dim].values.tolist() for dim in ("layer_y", "layer_x"))
    labels = layer_labels(below, column if len(maps) == 1 else "single")
    rows = shortened(beside, _LONGEST[column])
    side = _SIDE[column] if len(maps) == 1 else 2.75
    pooled, few = _pooled(drawn), _undersampled(drawn)
    handles: list[Artist] = []
    if pooled.any():
        dot: Look = {"markerfacecolor": _DOT, "markeredgecolor": _EDGE, "markersize": 3.4, "marker": "D"}
        handles.append(legend_line(linestyle="none", label="maps averaged over positions", **dot))
    if few.any():
        hatch: Look = {"edgecolor": _HATCH, "hatchcolor": _HATCH, "hatch": "////"}
        handles.append(Patch(facecolor="none", label=f"fewer than {FEW_SAMPLES} samples a unit", **hatch))
    with framed(column, side + labels.height + 0.6, handles) as figure:
        figure.set_layout_engine("compressed")
        grid = figure.subplots(1, len(maps), sharey=True, squeeze=False).ravel()
        look: Look = {"vmin": ends[0], "vmax": ends[1], "cmap": "cividis", "interpolation": "none"}
        for axes, (title, values) in zip(grid, maps.items(), strict=True):
            axes.imshow(values, origin="lower", aspect="equal", **look)
            axes.grid(visible=False)
            mark_layers(axes, labels)
            axes.set(xlim=(-0.5, len(below) - 0.5), ylim=(-0.5, len(rows) - 0.5))
            axes.set_title(title, loc="left", pad=3)
            _mark(axes, pooled, few)
            axes.fmt_ydata = named(beside)
        # As many rows are named as their height has room for.
        step = ceil(len(rows) * 1.6 * TICK_SIZE / (72 * side))
        ticks = range((len(rows) - 1) % step, len(rows), step)
        grid[0].set_yticks(ticks, [rows[tick] for tick in ticks])
        first, second = ("the first network", "the second network")
        if results.sizes["pair"] == 1:
            first, second = shortened(names(results, "network"), 24)
        grid[0].set_ylabel(f"layer of {first}")
        figure.supxlabel(f"layer of {second}")
        figure.colorbar(grid[0].images[0], ax=grid, aspect=22, pad=0.015, label=label, format="{x:g}")
    return figure


def _drawn(results: Results) -> Dataset:
    """The group, of those layers that some pair's first network has, and those that some second one has."""
    group = results["across_layers"].to_dataset()
    there = group["samples"] >= 0
    return group.isel({dim: there.any([each for each in there.dims if each != dim]).values for dim in _LAYERS})


def _pooled(group: Dataset) -> np.ndarray:
    """Whether maps were averaged to one vector per image, in any pair: (layer_x, layer_y)."""
    return (group["pooled"] == 1).any("pair").values


def _undersampled(group: Dataset) -> np.ndarray:
    """Whether a cell has so few samples a unit of the wider layer that units match by chance: (layer_x, layer_y)."""
    units = np.maximum(group["units_x"], group["units_y"])
    return ((group["samples"] >= 0) & (group["samples"] < FEW_SAMPLES * units)).any("pair").values


def _caption(results: Results) -> str:
    """How to read the figure."""
    over = "" if results.sizes["pair"] == 1 else f", the mean over {results.sizes['pair']} pairs"
    group, parts = _drawn(results), list[str]()
    if _pooled(group).any():
        parts.append(
            "Dots mark layers whose maps differ in size, so that both were averaged over positions, to one vector per "
            "image; elsewhere maps were compared position by position. The two kinds are not the same measure."
        )
    if _undersampled(group).any():
        parts.append(
            f"Hatched cells rest on fewer than {FEW_SAMPLES} samples a unit of the wider layer: part of their "
            "similarity is chance."
        )
    if group["similarity"].isnull().all("pair").any():
        parts.append("Cells left empty were not computed.")
    same = ""
    if group["layer_x"].values.tolist() == group["layer_y"].values.tolist():
        same = (
            " On the diagonal from bottom left to top right are equal layers; which network is the first is arbitrary."
        )
    return (
        f"Similarity of each layer of the first network of a pair with each layer of the second{over}.{same} "
        f"{' '.join(parts)}"
    ).strip()


def _epsilons(results: Results, mean: Floats, column: Column) -> list[int]:
    known = (~np.isnan(mean)).any((0, 1))
    first = headline_epsilon(results, known)
    epsilons = results["epsilon"].values
    smaller = np.flatnonzero(known & (epsilons < epsilons[first]))
    if column == "single" or max(mean.shape[:2]) > _WIDE_ENOUGH or not len(smaller):
        return [first]
    return [int(smaller[epsilons[smaller].argmax()]), first]


def _mark(axes: Axes, pooled: np.ndarray, few: np.ndarray) -> None:
    # One path for all cells: a mark of its own for each would make the file many times as large.
    if few.any():
        path = _cells(few, [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
        axes.add_patch(PathPatch(path, facecolor="none", edgecolor="none", hatch="//", hatchcolor=_HATCH, linewidth=0))
    if pooled.any():
        half = min(0.16, 0.016 * max(pooled.shape))
        path = _cells(pooled, [(-half, 0), (0, -half), (half, 0), (0, half)])
        edge = 0.4 if max(pooled.shape) <= _WIDE_ENOUGH else 0
        axes.add_patch(PathPatch(path, facecolor=_DOT, edgecolor=_EDGE, linewidth=edge))


def _cells(mask: np.ndarray, corners: list[tuple[float, float]]) -> Path:
    places = np.argwhere(mask)[:, ::-1]
    shape = np.array([*corners, corners[0]])
    codes = [Path.MOVETO, *[Path.LINETO] * (len(corners) - 1), Path.CLOSEPOLY]
    return Path((places[:, None] + shape).reshape(-1, 2), np.tile(codes, len(places)))


def _draw_measures(results: Results, column: Column) -> Figure:
    """The measures beside the match, the mean over pairs: one panel each."""
    group = _drawn(results)
    mean = group["value"].mean("pair")
    maps = {name: mean.sel(measure=name).values for name in mean["measure"].values.tolist()}
    rows, columns = (group[dim].values.tolist() for dim in _LAYERS)
    ends = {name: limits(name, values) for name, values in maps.items()}
    return map_grid(maps, ends, rows, columns, ("layer of the first network", "layer of the second network"), column)


def _measures_caption(results: Results) -> str:
    over = "" if results.sizes["pair"] == 1 else f", the mean over {results.sizes['pair']} pairs"
    return (
        "The measures beside the match, of each layer of the first network of a pair with each layer of the second"
        f"{over}, on the same rows as above. {DARKER}{raw(results)}"
    )


def _has_measures(results: Results) -> bool:
    return "value" in results["across_layers"].to_dataset() and bool(results["across_layers/value"].notnull().any())


MEASURES_DRAWING = Drawing(
    "across-layers-measures",
    "Measures across layers",
    _draw_measures,
    _measures_caption,
    "Heat maps, one for each measure, of the layers of one network against those of the other.",
    _has_measures,
)
DRAWING = Drawing(
    "across-layers",
    "Similarity across layers",
    _draw,
    _caption,
    "Heat map of similarity, the layers of one network from bottom to top, of the other from left to right.",
    lambda results: computed(results, "across_layers/similarity"),
)
SECTION = Section(
    title="Across layers",
    file=__file__,
    variables=VARIABLES,
    optional=frozenset({"value"}),
    figures=(DRAWING, MEASURES_DRAWING),
    tables={"across_layers": across_table},
)
