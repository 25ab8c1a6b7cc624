"""What was compared: how the networks learnt, loss and accuracy against epochs, and the accuracy of each."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from xarray import Dataset

from jaxrepsim.report.figure import Drawing, framed, panel_grid
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Results, names
from jaxrepsim.report.section import PURE, Alike, Section, Variable, coordinates
from jaxrepsim.report.style import Column, category_style, legend_line

VARIABLES: dict[str, Variable] = {
    **coordinates("epoch", epoch="epoch: Number of the training epoch, from 1."),
    **Alike(("network",), PURE).named(
        accuracy="validation accuracy: Share of the validation images that the network as compared gets right."
    ),
    **Alike(("network", "epoch"), "nat").named(train_loss="training loss: Mean cross entropy over the epoch."),
    **Alike(("network", "epoch"), PURE).named(
        validation_accuracy="validation accuracy after each epoch: Share of the validation images that are right after "
        "the epoch.",
    ),
}
_LABELS = {
    "train_loss": "training loss",
    "validation_accuracy": "validation accuracy, %",
    "accuracy": "accuracy as compared, %",
}


class NetworkRow(NamedTuple):
    """One network; None where the results hold no record. Loss and `validation_accuracy` are of the last epoch."""

    name: str
    accuracy: float | None
    train_loss: float | None
    validation_accuracy: float | None
    epochs: int | None


def network_rows(results: Results) -> list[NetworkRow]:
    """The table of networks.

    Args:
        results: The tree of results.

    Returns:
        One row per network.
    """
    group = _group(results)
    rows = []
    for index, name in enumerate(names(results, "network")):
        accuracy = float(group["accuracy"][index]) if "accuracy" in group else None
        histories = [_history(group, variable, index) for variable in ("train_loss", "validation_accuracy")]
        last = (history[-1] if history else None for history in histories)
        rows.append(NetworkRow(name, accuracy, *last, epochs=max(map(len, histories)) or None))
    return rows


def _history(group: Dataset, name: str, network: int) -> list[float]:
    if name not in group:
        return []
    values = group[name].values[network]
    return values[np.isfinite(values)].tolist()


def _group(results: Results) -> Dataset:
    """What is recorded of the networks; of activation files it is nothing."""
    return results["networks"].to_dataset() if "networks" in results.children else Dataset()


def _recorded(results: Results) -> list[str]:
    group = _group(results)
    return [name for name in _LABELS if name in group]


def _draw(results: Results, column: Column) -> Figure:
    """Training loss and validation accuracy of each network against epochs, and its accuracy, as far as recorded.

    The panels are stacked where the figure has one column.
    """
    group, panels = _group(results), _recorded(results)
    networks = shortened(names(results, "network"), 24)
    lines = [legend_line(linewidth=1, label=name, **category_style(index)) for index, name in enumerate(networks)]
    heights = [max(0.16 * len(networks) + 0.6, 1.5) if name == "accuracy" else 1.7 for name in panels]
    height = sum(heights) if column == "single" else max(*heights, 2.0)
    legend = lines if panels != ["accuracy"] else []
    with framed(column, height + 0.4, legend, title="network") as figure:
        if column == "single":
            grid = panel_grid(figure, len(panels), 1, height_ratios=heights)
        else:
            widths = [1.3 if name == "accuracy" else 2 for name in panels]
            grid = panel_grid(figure, len(panels), len(panels), width_ratios=widths)
        for axes, name in zip(grid, panels, strict=True):
            if name == "accuracy":
                _dots(axes, group, networks)
            else:
                _curves(axes, group, name, networks)
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    parts = [_LABELS[name].removesuffix(", %") for name in _recorded(results)]
    return (
        f"{', '.join(parts).capitalize()}, one line or point per network. Networks should have learnt equally well "
        "before their representations are compared."
    )


def _curves(axes: Axes, group: Dataset, name: str, networks: list[str]) -> None:
    epochs = group["epoch"].values
    values = group[name].values * (1 if name == "train_loss" else 100)
    every = max(1, len(epochs) // 8)
    for index, curve in enumerate(values):
        axes.plot(epochs, curve, markevery=every, linewidth=1, label=networks[index], **category_style(index))
    axes.set(xlabel="epoch", ylabel=_LABELS[name])
    axes.fmt_xdata = "epoch {:g}".format
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    if name == "train_loss" and np.nanmin(values) > 0 and np.nanmax(values) > 30 * np.nanmin(values):
        axes.set_yscale("log")
        # Powers of ten would be written in mathematical notation, which the style turns off for the sake of names.
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())


def _dots(axes: Axes, group: Dataset, networks: list[str]) -> None:
    for index, value in enumerate(group["accuracy"].values):
        axes.plot([100 * value], [index], **(category_style(index) | {"linestyle": "none", "markersize": 5}))
    axes.set_yticks(range(len(networks)), networks)
    axes.set_ylim(len(networks) - 0.4, -0.6)
    axes.margins(x=0.25)
    axes.grid(axis="x")
    axes.set(xlabel=_LABELS["accuracy"], ylabel="network")
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.xaxis.set_major_formatter("{x:g}")


SECTION = Section(
    title="Networks",
    file=__file__,
    variables=VARIABLES,
    optional=frozenset(VARIABLES),
    context=lambda results: {"rows": network_rows(results)},
    figures=(
        Drawing(
            "training",
            "Training and accuracy",
            _draw,
            _caption,
            "Line charts of training loss and validation accuracy against epochs, one line per network.",
            lambda results: bool(_recorded(results)),
        ),
    ),
    present=lambda results: True,
)
