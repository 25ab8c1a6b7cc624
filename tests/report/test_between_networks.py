"""The figure of distances between networks."""

import numpy as np
from matplotlib.axes import Axes

from jaxrepsim.report.between_networks import between_networks


def plane_of(distances, names) -> Axes:
    figure = between_networks(np.asarray(distances, float), names, "distance")
    figure.draw_without_rendering()
    (plane,) = [axes for axes in figure.axes if axes.get_title() == "classical scaling"]
    return plane


def test_names_lie_within_the_plane_and_not_on_one_another():
    """Networks at one place share a label, one below the other."""
    distances = np.ones((4, 4)) - np.eye(4)
    distances[1, 2] = distances[2, 1] = 0.001
    plane = plane_of(distances, ["untrained 0", "seed 0", "seed 1", "untrained 1"])
    assert [text.get_text() for text in plane.texts] == ["untrained 0", "seed 0\nseed 1", "untrained 1"]
    boxes = [text.get_window_extent() for text in plane.texts]
    frame = plane.get_window_extent()
    for box in boxes:
        assert frame.x0 <= box.x0 < box.x1 <= frame.x1
        assert frame.y0 <= box.y0 < box.y1 <= frame.y1
        assert sum(map(box.overlaps, boxes)) == 1


def test_networks_that_are_all_the_same():
    assert [text.get_text() for text in plane_of(np.zeros((3, 3)), list("abc")).texts] == ["a\nb\nc"]
