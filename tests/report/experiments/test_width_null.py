"""The figure of the width null: a cell a measure and a width."""

import numpy as np
from xarray import Dataset

from jaxrepsim.report.experiments.width_null import by_width


def test_distances_are_turned_over_and_what_is_left_out_is_a_dash():
    dims = ("measure", "units")
    found = Dataset(
        {
            "value": (dims, np.array([[0.25, np.nan], [0.0, 2**0.5]])),
            "calibrated": (dims, np.array([[0.0, np.nan], [0.0, 0.5]])),
        },
        {"measure": ["linear_cka", "procrustes"], "units": [8, 16]},
        {"samples": 64},
    )
    raw, calibrated = by_width(found).axes
    assert [text.get_text() for text in raw.texts] == ["0.25", "–", "1.00", "0.00"]
    assert [text.get_text() for text in calibrated.texts] == ["0.00", "–", "0.00", "0.50"]
    assert [label.get_text() for label in raw.get_yticklabels()] == ["linear_cka", "procrustes"]
