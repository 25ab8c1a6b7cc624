"""Figure 1 of Wang et al. 2018 as the paper has it: one panel per run, similarity against depth, one curve per ε."""

import numpy as np
from matplotlib.figure import Figure
from pandas import DataFrame, concat

from jaxrepsim.report.doubtful import hollow_handles
from jaxrepsim.report.experiments.runs import MEAN_LABEL, Runs, measured, same_epsilons
from jaxrepsim.report.figure import framed, panel_grid
from jaxrepsim.report.labels import ROOM, layer_labels, mark_layers, shortened
from jaxrepsim.report.results import names
from jaxrepsim.report.sections.similarity.depth import curve_handles, curves
from jaxrepsim.report.style import Column, paper_style


def depth_table(runs: Runs) -> DataFrame:
    """What the panels show, and what it rests on.

    Args:
        runs: Results by the names of their runs; all have the same values of ε.

    Returns:
        One row per run and layer, from input to output: units, samples a unit, the share of units that are zero on all
        samples (the mean over networks), the mean similarity over ε up to 0.5 and that at each ε (means over pairs).

    Raises:
        InputError: There is no run, or they have different values of ε.
    """
    epsilons = [f"ε = {label}" for label in same_epsilons(runs)]
    tables = []
    for run, results in runs.items():
        found, units = measured(results), results["similarity/units"].values
        columns = {
            "run": run,
            "layer": names(results, "layer"),
            "units": units,
            "samples a unit": results["similarity/samples"].values / np.maximum(units, 1),
            "dead": found.dead.mean(1),
            MEAN_LABEL: found.auc.mean(1),
        }
        tables.append(DataFrame(columns | dict(zip(epsilons, found.similarity.mean(1).T, strict=True))))
    return concat(tables, ignore_index=True)


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
    few = np.concatenate([run.few for run in found])
    handles = curve_handles(next(iter(runs.values()))) + hollow_handles(few)
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
        figure.supxlabel("layer, from input to output")
    return figure
