"""Whether similarity rises with width: runs of one architecture, each with another number of units per layer."""

from fractions import Fraction

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from pandas import DataFrame

from jaxrepsim.errors import InputError
from jaxrepsim.report.doubtful import draw_pairs, hollow_handles
from jaxrepsim.report.experiments.runs import Runs, drawn_epsilons, measured, measures, same_epsilons, same_layers
from jaxrepsim.report.figure import framed, panel_grid, similarity_axis
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import SAME, Floats, Mask, Results, thinned
from jaxrepsim.report.schema import provenance
from jaxrepsim.report.style import INK, MUTED, PAPER, Column, Look, epsilon_colors, legend_line, marker, paper_style

_MOST_LAYERS = 19


def by_width(runs: Runs) -> dict[float, Results]:
    """Results by width, from the narrowest.

    Args:
        runs: Results by the names of their runs.

    Returns:
        The same by `model.width` of their settings.

    Raises:
        InputError: Results hold no settings of a run, two have the same width, or they are of different architectures.
    """
    models = {}
    for name, results in runs.items():
        model = provenance(results).config.get("model")
        if not isinstance(model, dict) or not {"name", "width"} <= model.keys():
            raise InputError(f"the results of {name} do not say how wide its networks are: were they written by a run?")
        models[name] = model
    if len(architectures := sorted({str(model["name"]) for model in models.values()})) > 1:
        raise InputError(f"widths are compared within one architecture; received {', '.join(architectures)}")
    found = {float(models[name]["width"]): results for name, results in runs.items()}
    if len(found) < len(runs):
        raise InputError(f"each run needs a width of its own; received {[m['width'] for m in models.values()]}")
    return dict(sorted(found.items()))


def width_table(runs: Runs) -> DataFrame:
    """How similarity changes with width, layer by layer.

    Args:
        runs: Results by the names of their runs; all have the same layers and values of ε.

    Returns:
        One row per layer, from input to output: at each width from the narrowest the mean similarity over ε up to 0.5
        (the mean over pairs); its change from the narrowest to the widest; the steps from one width to the next in
        which it rises by 0.02 or more; the widths at which there are fewer than ten samples a unit.

    Raises:
        InputError: See `by_width`; or they have different layers or values of ε.
    """
    layers = same_layers(runs)
    same_epsilons(runs)
    ordered = [(width_label(width), measured(results)) for width, results in by_width(runs).items()]
    values = np.column_stack([run.auc.mean(1) for _, run in ordered])
    few = [" ".join(label for label, run in ordered if run.few[layer]) for layer in range(len(layers))]
    table = DataFrame(values, columns=[f"width {label}" for label, _ in ordered])
    table.insert(0, "layer", layers)
    rising = (np.diff(values) >= SAME).sum(1)
    return table.assign(**{"change": values[:, -1] - values[:, 0], "steps up": rising, "few samples at": few})


@paper_style()
def similarity_by_width(runs: Runs, column: Column = "double") -> Figure:
    """Draws similarity against width, one panel per layer: at up to three ε, and the mean over ε up to 0.5.

    Each pair is a point, lines are means over pairs; hollow points rest on fewer than ten samples a unit, as those of
    wide layers do first. Widths are on a logarithmic axis. The last panel has the accuracy of each network. Beyond 19
    layers evenly spaced ones are shown.

    Args:
        runs: Results by the names of their runs; all have the same layers and values of ε, and different widths.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        InputError: See `width_table`.
    """
    layers, epsilons = same_layers(runs), same_epsilons(runs)
    ordered = by_width(runs)
    widths = np.array([*ordered])
    found = [measured(results) for results in ordered.values()]
    few = np.array([run.few for run in found])
    colors = epsilon_colors(len(epsilons))
    looks: list[Look] = [{"color": INK, "marker": "X", "linestyle": (0, (4, 1.5))}]
    looks += [{"color": colors[e], "marker": marker(e), "linestyle": "-"} for e in drawn_epsilons(found)]
    lines = measures(found, epsilons, drawn_epsilons(found))
    handles = [
        legend_line(label=label, markeredgecolor=PAPER, **look) for (label, _), look in zip(lines, looks, strict=True)
    ]
    handles += hollow_handles(few)
    drawn, titles = thinned(range(len(layers)), _MOST_LAYERS), shortened(layers, 18)
    panels = len(drawn) + any(len(run.accuracies) for run in found)
    across = 2 if column == "single" else 4
    with framed(column, -(-panels // across) * 1.35 + 0.3, handles) as figure:
        grid = panel_grid(figure, panels, across, sharex=True)
        for place, (axes, layer) in enumerate(zip(grid, drawn, strict=False)):
            for (_, values), look in zip(lines, looks, strict=True):
                _series(axes, widths, [value[layer] for value in values], few[:, layer], look)
            axes.set_title(titles[layer], loc="left", pad=3)
            similarity_axis(axes, titled=place % across == 0)
        if panels > len(drawn):
            _accuracy(grid[-1], widths, [100 * run.accuracies for run in found])
        for axes in grid:
            _mark_widths(axes, widths)
        # Below the last row's gap stands a panel of the row before, whose ticks would else be hidden.
        for axes in grid[-across:]:
            axes.tick_params(axis="x", labelbottom=True)
        figure.supxlabel("width: units of a layer, as a multiple of the published network's")
    return figure


def _series(axes: Axes, widths: Floats, values: list[Floats], few: Mask, look: Look) -> None:
    color = look["color"]
    axes.plot(widths, [value.mean() for value in values], color=color, linestyle=look["linestyle"], zorder=3)
    for width, pairs, hollow in zip(widths, values, few, strict=True):
        draw_pairs(axes, np.full(len(pairs), width), pairs, hollow, color, look["marker"])


def _accuracy(axes: Axes, widths: Floats, percent: list[Floats]) -> None:
    axes.plot(widths, [values.mean() if len(values) else np.nan for values in percent], color=MUTED, linewidth=0.8)
    for width, values in zip(widths, percent, strict=True):
        axes.plot(np.full(len(values), width), values, "o", color=INK, markeredgecolor=PAPER, clip_on=False)
    axes.set_title("validation accuracy, %", loc="left", pad=3)
    axes.margins(y=0.25)


def _mark_widths(axes: Axes, widths: Floats) -> None:
    axes.set_xscale("log", base=2)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(widths, [width_label(width) for width in widths])
    aside = 1.25 if len(widths) > 1 else 2
    axes.set_xlim(widths[0] / aside, widths[-1] * aside)


def width_label(width: float) -> str:
    """A width as a fraction where it is one, else as a number.

    >>> width_label(0.0625), width_label(2.0), width_label(0.3)
    ('1/16', '2', '0.3')
    """
    fraction = Fraction(width)
    return str(fraction) if fraction.denominator <= 64 else f"{width:g}"
