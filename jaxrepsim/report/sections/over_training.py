"""How similarity changes while the networks learn."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from pandas import DataFrame

from jaxrepsim.report.doubtful import cited
from jaxrepsim.report.epsilons import at_epsilon, epsilon_labels, headline_epsilon, left_out, nonzero_epsilons
from jaxrepsim.report.figure import Drawing, arranged, framed, panel_grid, similarity_axis
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import SAME, Floats, Results, computed, names, rounded
from jaxrepsim.report.section import PURE, Alike, Section, Variable, coordinates
from jaxrepsim.report.style import INK, MUTED, PAPER, TICK_SIZE, Column, Look, layer_colors, legend_line, marker
from jaxrepsim.report.tables import long_table

VARIABLES: dict[str, Variable] = {
    **coordinates(
        "epoch", checkpoint="epoch of a checkpoint: Training epochs finished at the checkpoint; 0 is untrained."
    ),
    **Alike(("checkpoint", "layer", "pair", "epsilon"), PURE).named(
        similarity="similarity over training: Similarity at the checkpoint, on sampled rows of activations."
    ),
    **Alike(("network", "checkpoint"), PURE).named(
        accuracy="validation accuracy at a checkpoint: Share of the validation images that are right at the "
        "checkpoint.",
    ),
}
_MOST_NAMED = 10
"""Up to this many layers each line has a marker and a place in the legend; beyond, a bar shows the colours."""


def training_mean(results: Results) -> Floats:
    """Mean similarity over pairs: (checkpoint, layer, ε), NaN where nothing was computed."""
    return results["over_training/similarity"].mean("pair").values


def training_table(results: Results) -> DataFrame:
    """Similarity over training.

    Args:
        results: Results with the group `over_training`.

    Returns:
        One row per epoch, layer, ε and pair: the similarity, and the mean validation accuracy of all networks.
    """
    accuracy = results["over_training/accuracy"].mean("network")
    table = results["over_training"].to_dataset()[["similarity"]].assign(mean_accuracy=accuracy)
    return long_table(table.rename(checkpoint="epoch"), ["epoch", "layer", "epsilon", "pair"], "similarity")


def _sentences(results: Results) -> list[str]:
    epochs = _epochs(results)
    mean = training_mean(results)
    known = ~np.isnan(mean)
    if len(epochs) < 2 or not known.any():
        return []
    epsilon = headline_epsilon(results, known.any((0, 1)))
    layers = np.flatnonzero(known[[0, -1], :, epsilon].all(0))
    if not len(layers):
        return []
    first, last = mean[0, layers, epsilon], mean[-1, layers, epsilon]
    change = last - first
    rise, fall = int((change >= SAME).sum()), int((change <= -SAME).sum())
    start = f"{at_epsilon(results, epsilon)}, from epoch {epochs[0]:g} to epoch {epochs[-1]:g} similarity"
    if len(layers) == 1:
        return [f"{start} goes from {rounded(first[0])} to {rounded(last[0])} in {cited(results)[layers[0]]}."]
    largest = int(np.abs(change).argmax())
    most = f"{cited(results)[layers[largest]]}, from {rounded(first[largest])} to {rounded(last[largest])}"
    return [
        f"{start} rises in {rise} and falls in {fall} of {len(layers)} layers; averaged over layers it goes from "
        f"{rounded(first.mean())} to {rounded(last.mean())}, and changes most in {most}."
    ]


def _draw(results: Results, column: Column) -> Figure:
    """Similarity against epochs, one line per layer and one panel per ε, and validation accuracy beside it.

    Lines are means over pairs; those of accuracy are one per network, and their mean in bold. An ε at which nothing
    matches at any checkpoint has no panel.
    """
    layers = shortened(names(results, "layer"), 16)
    mean = training_mean(results)
    epsilons = nonzero_epsilons(mean) or [results.sizes["epsilon"] - 1]
    colors = layer_colors(len(layers))
    accurate = computed(results, "over_training/accuracy")
    panels = len(epsilons) + accurate
    across, down, width = arranged(panels, 2 if column == "single" else 3, column)
    named = len(layers) <= _MOST_NAMED
    looks: list[Look] = [{"color": color} for color in colors]
    if named:
        looks = [look | {"marker": marker(index), "markeredgecolor": PAPER} for index, look in enumerate(looks)]
    handles = [legend_line(label=name, **look) for name, look in zip(layers, looks, strict=True) if named]
    height = down * (min(width, 2.4) * 0.75 + 0.3) + (0.45 if named else 0.8)
    with framed(column, height, handles) as figure:
        grid = panel_grid(figure, panels, across)
        for place, (axes, epsilon) in enumerate(zip(grid, epsilons, strict=False)):
            for layer, look in enumerate(looks):
                line: Look = {"linewidth": 1, "clip_on": False, "label": layers[layer]}
                axes.plot(_epochs(results), mean[:, layer, epsilon], **line, **look)
            axes.set_title(f"ε = {epsilon_labels(results)[epsilon]}", loc="left", pad=3)
            similarity_axis(axes, titled=place % across == 0)
        if accurate:
            accuracy, last = 100 * results["over_training/accuracy"], grid[len(epsilons)]
            last.plot(_epochs(results), accuracy.values.T, color=MUTED, linewidth=0.5)
            bold: Look = {"color": INK, "linewidth": 1.3, "marker": "o", "markersize": 2.4}
            last.plot(_epochs(results), accuracy.mean("network").values, label="validation accuracy, %", **bold)
            last.set_title("validation accuracy, %", loc="left", pad=3)
            last.set_ylim(0, 101)
        for axes in grid:
            _mark_epochs(axes, results, width)
        figure.supxlabel("epoch (0: untrained)")
        if not named:
            _bar(figure, grid, colors, layers)
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    over = "" if results.sizes["pair"] == 1 else ", the mean over pairs"
    kept = nonzero_epsilons(training_mean(results))
    empty = left_out(results, kept, "nothing matches at any checkpoint") if kept else ""
    last = " Last, validation accuracy: a thin line per network, their mean in bold."
    accuracy = last if computed(results, "over_training/accuracy") else ""
    scale = " Beyond the first checkpoint after it, epochs are on a logarithmic scale." if _stretched(results) else ""
    return (
        f"Similarity while the networks learn{over}: one line per layer, one panel per ε, at each checkpoint. Epoch 0 "
        f"is before training.{scale}{accuracy}{empty}"
    )


def _epochs(results: Results) -> Floats:
    return results["over_training/checkpoint"].values.astype(np.float64)


def _stretched(results: Results) -> bool:
    epochs = _epochs(results)
    first = epochs[epochs > 0]
    return len(first) > 1 and bool(epochs.max() >= 10 * first.min())


def _mark_epochs(axes: Axes, results: Results, width: float) -> None:
    epochs = _epochs(results)
    axes.fmt_xdata = "epoch {:g}".format
    if _stretched(results):
        axes.set_xscale("symlog", linthresh=epochs[epochs > 0].min())
        axes.xaxis.set_minor_locator(NullLocator())
    if len(epochs) > 1:
        axes.set_xlim(epochs.min(), epochs.max())
    places = axes.transScale.transform(np.column_stack([epochs, np.zeros(len(epochs))]))[:, 0]
    span = max(places.max() - places.min(), 1e-9)
    room = 72 * (width - 0.5) / (max(len(f"{epoch:g}") for epoch in epochs) * 0.62 * TICK_SIZE + 6)
    ticks = [len(epochs) - 1]
    for index in range(len(epochs) - 2, -1, -1):
        if (places[ticks[-1]] - places[index]) / span * room >= 1:
            ticks.append(index)
    axes.set_xticks(epochs[ticks], [f"{epoch:g}" for epoch in epochs[ticks]])


def _bar(figure: Figure, grid: list[Axes], colors: list[str], layers: list[str]) -> None:
    count = len(colors)
    norm = BoundaryNorm(np.arange(-0.5, count), count)
    bar = figure.colorbar(
        ScalarMappable(norm, ListedColormap(colors)), ax=grid, location="top", aspect=50, pad=0.02, fraction=0.05
    )
    bar.set_ticks([0, count - 1], labels=[f"input: {layers[0]}", f"{layers[-1]}: output"])
    for text, side in zip(bar.ax.get_xticklabels(), ("left", "right"), strict=True):
        text.set_horizontalalignment(side)  # within the bar's width
    bar.ax.minorticks_off()


DRAWING = Drawing(
    "over-training",
    "Similarity over training",
    _draw,
    _caption,
    "Line charts of similarity against epochs, one line per layer, one panel per ε, and of validation accuracy.",
    lambda results: computed(results, "over_training/similarity"),
)
SECTION = Section(
    title="Over training",
    file=__file__,
    variables=VARIABLES,
    sentences=_sentences,
    figures=(DRAWING,),
    tables={"over_training": training_table},
)
