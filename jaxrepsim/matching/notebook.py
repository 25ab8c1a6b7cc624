"""What a notebook wants of a single result: a labelled array, and a figure. Of xarray and matplotlib, where used."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxrepsim._typing import Values
from jaxrepsim.extras import needs

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import Dataset

_COLORS = ("#0072b2", "#d55e00")


def labelled(name: str, networks: Sequence[Values], attributes: dict[str, Any]) -> "Dataset":
    """A value a unit of both networks, as `name_x` along `unit_x` and `name_y` along `unit_y`.

    Args:
        name: Of the variables.
        networks: (*batch, n) of each; batch axes are named batch_0 and so on.
        attributes: Of both.
    """
    with needs("plots", "a labelled array"):
        from xarray import Dataset

    variables = {}
    for side, values in zip("xy", map(np.asarray, networks), strict=True):
        dims = (*(f"batch_{axis}" for axis in range(values.ndim - 1)), f"unit_{side}")
        variables[f"{name}_{side}"] = (dims, values, attributes)
    return Dataset(variables, {f"unit_{side}": np.arange(len(v.T)) for side, v in zip("xy", networks, strict=True)})


def similarity_curve(networks: Sequence[Values]) -> "Figure":
    """Similarity against ε, from critical values; thin lines are the shares of each network's units.

    Args:
        networks: (n,) of each.
    """
    critical = _of_one(networks)
    figure = _figure(3.4, 2.4)
    axes = figure.subplots()
    for name, own, color in zip("xy", critical, _COLORS, strict=True):
        axes.step(*_matched_shares(own), where="post", color=color, linewidth=0.8, label=f"units of {name}")
    both = _matched_shares(np.concatenate(critical))
    axes.step(*both, where="post", color="black", linewidth=1.4, label="both: similarity")
    axes.set(xlim=(0, 1), ylim=(-0.03, 1.03), xlabel="ε", ylabel="share of units in the match")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    return figure


def _matched_shares(critical: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The steps from ε = 0 to 1: where they are, and the share of units from there on. Dead units are in none."""
    at = np.sort(critical[critical < 1])
    shares = np.arange(len(at) + 1) / max(len(critical), 1)
    return np.concatenate([[0], at, [1]]), np.append(shares, shares[-1])


def matched_units(networks: Sequence[Values]) -> "Figure":
    """Which units are in the match: a row a network, a cell a unit, coloured where it is.

    Args:
        networks: (n,) bool of each.
    """
    masks = _of_one(networks)
    figure = _figure(3.4, 1.4)
    for name, mask, color, axes in zip("xy", masks, _COLORS, figure.subplots(2, 1), strict=True):
        axes.vlines(np.flatnonzero(mask), 0, 1, color=color, linewidth=max(0.4, 180 / max(len(mask), 1)))
        axes.set(xlim=(-0.6, len(mask) - 0.4), ylim=(0, 1), yticks=(), ylabel=name)
        axes.set_title(f"{mask.sum()} of {len(mask)} units of {name}", loc="left", fontsize="small")
    return figure


def _of_one(networks: Sequence[Values]) -> list[np.ndarray]:
    arrays = [np.asarray(values) for values in networks]
    if any(values.ndim != 1 for values in arrays):
        raise ValueError(f"a figure is of one pair; this holds a batch of shape {arrays[0].shape[:-1]}")
    return arrays


def _figure(width: float, height: float) -> "Figure":
    with needs("plots", "a figure"):
        from jaxrepsim.notebook_figure import NotebookFigure

    return NotebookFigure(figsize=(width, height), layout="constrained")
