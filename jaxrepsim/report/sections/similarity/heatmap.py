"""Similarity over depth and ε at once, as a heat map."""

import numpy as np
from matplotlib.figure import Figure

from jaxrepsim.report.figure import Drawing, framed, over_layers
from jaxrepsim.report.labels import layer_labels
from jaxrepsim.report.results import Results
from jaxrepsim.report.style import Column
from jaxrepsim.report.summaries import names, over_pairs, profile_similarity

_STEP = 0.01
_MARK = "#d55e00"
"""A colour that stands out from both ends of the map."""
_AXES_HEIGHT = {"single": 1.9, "double": 2.3}


def _draw(results: Results, column: Column) -> Figure:
    """The similarity of the match profile, the mean over pairs, as a colour at each layer and ε."""
    labels = layer_labels(names(results, "layer"), column)
    centres = np.arange(_STEP / 2, 1, _STEP)
    mean = over_pairs(profile_similarity(results, centres)).mean
    with framed(column, _AXES_HEIGHT[column] + labels.height + 0.35) as figure:
        axes = figure.add_subplot()
        image = axes.imshow(
            mean.T,
            origin="lower",
            aspect="auto",
            extent=(-0.5, len(labels.names) - 0.5, 0, 1),
            vmin=0,
            vmax=1,
            cmap="cividis",
            interpolation="none",
        )
        axes.hlines(
            results["epsilon"].values, -0.5, len(labels.names) - 0.5, color=_MARK, linewidth=0.8, linestyle=(0, (4, 3))
        )
        axes.grid(visible=False)
        over_layers(axes, labels)
        axes.set(ylim=(0, 1), ylabel="ε")
        axes.set_xlim(-0.5, len(labels.names) - 0.5)
        bar = figure.colorbar(image, ax=axes, aspect=18, pad=0.015)
        bar.set_label("similarity")
        bar.outline.set_linewidth(0.6)  # type: ignore[union-attr]
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
