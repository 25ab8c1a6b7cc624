"""Distances between networks: a matrix in the order of a dendrogram, and a map."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.spatial.distance import squareform

from jaxrepsim.report.figure import color_bar, framed
from jaxrepsim.report.labels import shortened
from jaxrepsim.report.results import Floats
from jaxrepsim.report.style import ACCENT, INK, TICK_SIZE, Column


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
        order = dendrogram(tree, ax=above, color_threshold=0, above_threshold_color=INK, no_labels=True)["leaves"]
        above.set_axis_off()
        for lines in above.collections:
            lines.set_linewidth(0.8)
        image = matrix.imshow(
            distances[np.ix_(order, order)], cmap="cividis", vmin=0, interpolation="none", aspect="auto"
        )
        matrix.grid(visible=False)
        step = int(np.ceil(len(names) * 1.6 * TICK_SIZE / (72 * 0.7 * side)))
        ticks = range(0, len(names), step)
        matrix.set_yticks(ticks, [short[order[tick]] for tick in ticks])
        matrix.set_xticks([])
        color_bar(matrix, image, label, format="{x:g}")
        plane = parts[1].subplots()
        points, share = _on_a_plane(distances)
        plane.plot(*points.T, "o", color=ACCENT)
        for name, (x, y) in zip(short, points, strict=True):
            plane.annotate(name, (x, y), xytext=(3, 3), textcoords="offset points", fontsize=TICK_SIZE)
        plane.set_aspect("equal", adjustable="datalim")
        plane.margins(0.15)
        plane.set(xlabel=f"{share[0]:.0%} of squared distances", ylabel=f"{share[1]:.0%} of squared distances")
    return figure


def _on_a_plane(distances: Floats) -> tuple[Floats, Floats]:
    """(networks, 2) points, and the share of each axis in the sum of the positive eigenvalues."""
    count = len(distances)
    centre = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(-0.5 * centre @ distances**2 @ centre)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    # An eigenvector's sign is arbitrary: its largest entry is positive.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(count)])
    return vectors[:, :2] * np.sqrt(values[:2]), values[:2] / max(values.sum(), 1e-300)
