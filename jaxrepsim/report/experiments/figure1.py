"""Figure 1 of Wang et al. 2018 as the paper has it: one panel per run, similarity against depth, one curve per ε."""

from typing import NamedTuple

from matplotlib.figure import Figure

from jaxrepsim.report.doubtful import hollow_handle
from jaxrepsim.report.experiments.runs import Runs, measured, same_epsilons
from jaxrepsim.report.figure import framed, panel_grid
from jaxrepsim.report.labels import ROOM, layer_labels, mark_layers, shortened
from jaxrepsim.report.sections.similarity.depth import curve_handles, curves
from jaxrepsim.report.style import Column, paper_style
from jaxrepsim.report.summaries import names


class DepthRow(NamedTuple):
    """One layer of one run."""

    run: str
    layer: str
    units: int
    samples_per_unit: float
    dead: float
    """The share of units that are zero on all samples, the mean over networks."""
    auc: float
    """Mean similarity over ε up to 0.5, the mean over pairs."""
    similarity: list[float]
    """At each ε, the mean over pairs."""


def depth_rows(runs: Runs) -> list[DepthRow]:
    """What the panels show, and what it rests on.

    Args:
        runs: Results by the names of their runs.

    Returns:
        One row per run and layer, from input to output.
    """
    rows = []
    for run, results in runs.items():
        found = measured(results)
        units, samples = results["similarity/units"].values, results["similarity/samples"].values
        rows += [
            DepthRow(
                run,
                layer,
                int(units[index]),
                float(samples[index] / max(units[index], 1)),
                float(found.dead[index].mean()),
                float(found.auc[index].mean()),
                found.similarity[index].mean(0).tolist(),
            )
            for index, layer in enumerate(names(results, "layer"))
        ]
    return rows


@paper_style()
def depth_panels(runs: Runs, column: Column = "double") -> Figure:
    """Draws similarity against depth, one panel per run and one curve per ε; the runs may have different layers.

    A curve is the mean over pairs; its band runs from the smallest pair to the largest. Points that rest on fewer than
    ten samples a unit are hollow. The validation accuracy of the networks stands in the title.

    Args:
        runs: Results by the names of their runs; all have the same values of ε.
        column: The width: one column of a paper, or both.

    Returns:
        The figure.

    Raises:
        InputError: There is no run, or they have different values of ε.

    Source: Wang et al. 2018 (arXiv:1810.11750), Figure 1.
    """
    same_epsilons(runs)
    found = [measured(results) for results in runs.values()]
    handles = curve_handles(next(iter(runs.values())))
    if any(run.few.any() for run in found):
        handles.append(hollow_handle())
    # A network of many layers needs the whole width.
    most = max(results.sizes["layer"] for results in runs.values())
    across = 2 if column == "double" and len(runs) > 1 and most <= 24 else 1
    wide: Column = column if across == 1 else "single"
    labels = [layer_labels(names(results, "layer"), wide, ROOM[wide]) for results in runs.values()]
    titles = shortened([*runs], 26 if across == 2 or column == "single" else 60)
    down, named = -(-len(runs) // across), max(label.height for label in labels)
    with framed(column, down * (1.75 + named + 0.3) + 0.25, handles) as figure:
        grid = panel_grid(figure, len(runs), across)
        for place, (axes, results) in enumerate(zip(grid, runs.values(), strict=True)):
            curves(axes, results)
            accuracy = found[place].accuracy_text
            title = f"({chr(ord('a') + place)}) {titles[place]}" + (f": accuracy {accuracy}" if accuracy else "")
            axes.set_title(title, loc="left", pad=4)
            axes.set_ylim(0, 1)
            if place % across == 0:
                axes.set_ylabel("similarity")
            mark_layers(axes, labels[place])
        figure.supxlabel("layer, from input to output", fontsize=7.5)
    return figure
