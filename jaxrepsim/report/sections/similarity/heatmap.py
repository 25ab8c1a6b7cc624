"""Similarity over depth and ε at once, as a heat map."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from jaxrepsim.report.figure import Drawing, color_bar, layer_axes
from jaxrepsim.report.results import Results, over_pairs, profile_similarity
from jaxrepsim.report.style import Column

_STEP = 0.01
_MARK = "#d55e00"
"""A colour that stands out from both ends of the map."""
_AXES_HEIGHT = {"single": 1.8, "double": 2.2}


def _draw(results: Results, column: Column) -> Figure:
    """The similarity of the match profile, the mean over pairs, as a colour at each layer and ε."""
    centres = np.arange(_STEP / 2, 1, _STEP)
    mean = over_pairs(profile_similarity(results, centres)).mean
    ends = (-0.5, len(mean) - 0.5)
    look: dict[str, Any] = {"vmin": 0, "vmax": 1, "cmap": "cividis", "interpolation": "none"}
    with layer_axes(results, column, [_AXES_HEIGHT[column]]) as (figure, (axes,)):
        image = axes.imshow(mean.T, origin="lower", aspect="auto", extent=(*ends, 0, 1), **look)
        axes.hlines(results["epsilon"].values, *ends, color=_MARK, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.grid(visible=False)
        axes.set(xlim=ends, ylim=(0, 1), ylabel="ε")
        color_bar(axes, image, "similarity", aspect=18)
    return figure


def _caption(results: Results) -> str:
    """How to read the figure."""
    over = "" if results.sizes["pair"] == 1 else ", the mean over pairs"
    return (
        f"Similarity at every layer and every ε{over}; dashed lines mark the values of ε of this run. Where dark turns "
        "to bright lies the ε at which a layer's units come to match: the higher, the less alike the layer."
    )


DRAWING = Drawing(
    "profile-heatmap",
    "Profiles of all layers",
    _draw,
    _caption,
    "Heat map of similarity, with layers from left to right and ε from 0 at the bottom to 1 at the top.",
)
