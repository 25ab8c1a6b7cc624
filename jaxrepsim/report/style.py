"""One look for all figures: sizes, colours that are safe for colour-blind readers, and files that come out the same."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Literal

import matplotlib as mpl
from matplotlib import style
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

Column = Literal["single", "double"]
Look = dict[str, Any]
"""How a line, a patch or an image is drawn: keywords of matplotlib."""

WIDTHS: dict[Column, float] = {"single": 3.4, "double": 7.0}
"""Widths of a figure in inches: one column and both columns of a two-column paper."""
TICK_SIZE = 6.5
"""Points: the size of the numbers and names along the axes."""
LEGEND_SIZE = 7

INK = "#1b1f24"
MUTED = "#6a737d"
FAINT = "#d8dce1"
PAPER = "#ffffff"
ACCENT = "#0072b2"

# Okabe and Ito's palette, without its black (the colour of text) and its yellow (too light for a line on white).
_CATEGORIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
_MARKERS = "osD^vPXp<>"
_ON_DARK = {
    INK: "#e8eaed",
    MUTED: "#a4acb6",
    FAINT: "#3a4048",
    PAPER: "#16191d",
    "#0072b2": "#52aee6",
    "#d55e00": "#f07b2e",
    "#009e73": "#2cc596",
    "#cc79a7": "#dd92bb",
}

_STYLE: Look = {
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "savefig.dpi": 300,
    "font.family": "DejaVu Sans",  # shipped with matplotlib: every machine draws the same
    "font.size": 7.5,
    "figure.titlesize": 7.5,
    "figure.labelsize": 7.5,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7.5,
    "legend.fontsize": LEGEND_SIZE,
    "legend.title_fontsize": LEGEND_SIZE,
    "legend.frameon": False,
    "legend.handlelength": 1.8,
    "legend.columnspacing": 1.2,
    "xtick.labelsize": TICK_SIZE,
    "ytick.labelsize": TICK_SIZE,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a layer's name is a dollar sign
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.facecolor": "none",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": FAINT,
    "grid.linewidth": 0.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.2,
    "lines.markeredgewidth": 0.4,
    "patch.linewidth": 0.5,
    # Outlines rather than text: a page or a paper shows the same letters whatever fonts its reader has.
    "svg.fonttype": "path",
    "svg.hashsalt": "jaxrepsim",
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Applies the style to figures that are made, drawn or saved in the block, whatever the user's own settings."""
    with style.context(["default", _STYLE]), warnings.catch_warnings():
        # A name in a script that the font lacks is drawn with placeholder boxes; the tables spell it out.
        warnings.filterwarnings("ignore", message=".*missing from font", category=UserWarning)
        yield


def epsilon_colors(count: int, scheme: Literal["light", "dark"] = "light") -> list[str]:
    """Ordered colours for the values of ε, from the smallest to the largest.

    Args:
        count: How many.
        scheme: The background they must stand out from.

    Returns:
        Hexadecimal colours, a part of viridis.
    """
    return _ramp("viridis", count, (0.0, 0.78) if scheme == "light" else (0.4, 1.0))


def layer_colors(count: int, scheme: Literal["light", "dark"] = "light") -> list[str]:
    """Ordered colours for layers, from input to output.

    Args:
        count: How many.
        scheme: The background they must stand out from.

    Returns:
        Hexadecimal colours, a part of plasma, so that none is mistaken for that of an ε.
    """
    return _ramp("plasma", count, (0.0, 0.82) if scheme == "light" else (0.35, 1.0))


def _ramp(name: str, count: int, ends: tuple[float, float]) -> list[str]:
    ramp, (low, high) = mpl.colormaps[name], ends
    return [to_hex(ramp(low + (high - low) * index / max(count - 1, 1))) for index in range(count)]


def category_style(index: int) -> Look:
    """Colour, dashes and marker of one of several unordered lines, so that none depends on colour alone."""
    return {
        "color": _CATEGORIES[index % len(_CATEGORIES)],
        "linestyle": _DASHES[index // len(_CATEGORIES) % len(_DASHES)],
        "marker": _MARKERS[index % len(_MARKERS)],
    }


def marker(index: int) -> str:
    """The marker of one of several ordered curves, such as that of an ε or of a layer."""
    return _MARKERS[index % len(_MARKERS)]


def legend_line(**look: Any) -> Line2D:
    """An entry of a legend: a line, or a marker, which stands in no axes."""
    return Line2D([], [], **look)


def dark_colors(epsilons: int, layers: int) -> dict[str, str]:
    """What each colour of the figures becomes on a dark background.

    Args:
        epsilons: How many values of ε there are.
        layers: How many layers have a colour of their own.

    Returns:
        Dark-scheme colours by light-scheme colours.
    """
    ramps = [(epsilon_colors, epsilons), (layer_colors, layers)]
    return _ON_DARK | {
        light: dark for colors, n in ramps for light, dark in zip(colors(n), colors(n, "dark"), strict=True)
    }


def save(figure: Figure, target: IO[bytes], kind: Literal["svg", "png"], *, transparent: bool = False) -> None:
    """Writes a figure; the same figure gives the same bytes.

    Its places are found once: to lay a figure out takes as long as to write it.

    Args:
        figure: The figure.
        target: An open binary file.
        kind: `svg`, or `png` with 300 dots an inch.
        transparent: Leaves the background out.
    """
    with paper_style():
        figure.savefig(target, format=kind, transparent=transparent, metadata={"Date": None} if kind == "svg" else None)
        figure.set_layout_engine("none")
