"""Distances between networks: a matrix in the order of a dendrogram, and a map."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from jaxrepsim.report.figure import color_bar, framed
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats
from jaxrepsim.report.style import ACCENT, INK, TICK_SIZE, Column, Look


def between_networks(distances: Floats, names: Sequence[str], label: str, column: Column = "double") -> Figure:
    """A heat map of distances under their dendrogram, and beside it the networks on a plane.

    The dendrogram joins networks by average linkage. The plane is that of classical multidimensional scaling, on which
    distances are as nearly those of the matrix as two dimensions allow.

    Args:
        distances: (networks, networks), symmetric, 0 on the diagonal.
        names: Of the networks, three or more.
        label: Names the distance.
        column: The width: one column of a paper, where map and matrix stand below one another, or both.

    Source: Torgerson 1952, "Multidimensional scaling: I. Theory and method" (classical scaling).
    """
    tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
    short = shortened(list(names), 20)
    side = 3.0 if column == "double" else 2.7
    beside = column == "double"
    with framed(column, side + 0.9 if beside else 2 * side + 0.9) as figure:
        figure.set_layout_engine("constrained", h_pad=0.01, hspace=0)
        parts = figure.subfigures(*((1, 2) if beside else (2, 1)), squeeze=False).ravel()
        above, matrix = parts[0].subplots(2, 1, height_ratios=(1, 5))
        # A tree of no height has no axis.
        drawn: Look = {"no_plot": not distances.any(), "color_threshold": 0, "above_threshold_color": INK}
        order = dendrogram(tree, ax=above, no_labels=True, **drawn)["leaves"]
        above.set_axis_off()
        above.set_title("average linkage")
        for lines in above.collections:
            lines.set_linewidth(0.8)
        image = matrix.imshow(
            distances[np.ix_(order, order)],
            cmap="cividis",
            vmin=0,
            vmax=distances.max() or 1,
            interpolation="none",
            aspect="auto",
        )
        matrix.grid(visible=False)
        step = int(np.ceil(len(names) * 1.6 * TICK_SIZE / (72 * 0.7 * side)))
        ticks = range(0, len(names), step)
        matrix.set_yticks(ticks, [short[order[tick]] for tick in ticks])
        matrix.set_xticks([])
        color_bar(matrix, image, label, format="{x:g}")
        plane = parts[1].subplots()
        plane.set_title("classical scaling")
        points, share = _on_a_plane(distances)
        _draw_plane(plane, points, short)
        plane.set(xlabel=f"{share[0]:.0%} of squared distances", ylabel=f"{share[1]:.0%} of squared distances")
    return figure


def _draw_plane(plane: Axes, points: Floats, names: Sequence[str]) -> None:
    """Draws named points to one scale, with room for the names; those of points at one place share a label."""
    middle, span = (points.max(0) + points.min(0)) / 2, max(np.ptp(points, axis=0).max(), 1e-300)
    places: dict[tuple[int, ...], list[int]] = {}
    for index, place in enumerate(np.round(points / span * 30).astype(int)):
        places.setdefault(tuple(place.tolist()), []).append(index)
    plane.plot(*points.T, "o", color=ACCENT)
    for members in places.values():
        x, y = points[members[0]]
        # Towards the middle, where there is room.
        aside, above = (1 if x <= middle[0] else -1), (1 if y <= middle[1] else -1)
        plane.annotate(
            "\n".join(names[member] for member in members),
            (x, y),
            xytext=(3 * aside, 3 * above),
            textcoords="offset points",
            ha="left" if aside > 0 else "right",
            va="bottom" if above > 0 else "top",
            fontsize=TICK_SIZE,
        )
    low, high = middle - 0.58 * span, middle + 0.58 * span
    plane.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")


def _on_a_plane(distances: Floats) -> tuple[Floats, Floats]:
    """(networks, 2) points, and the share of each axis in the sum of the positive eigenvalues."""
    count = len(distances)
    centre = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(-0.5 * centre @ distances**2 @ centre)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    # An eigenvector's sign is arbitrary: its largest entry is positive.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(count)])
    return vectors[:, :2] * np.sqrt(values[:2]), values[:2] / max(values.sum(), 1e-300)
