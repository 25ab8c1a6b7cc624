"""What a notebook wants of a single result: labels, and a figure."""

import numpy as np
import pytest

from jaxrepsim import Match, MatchProfile

CRITICAL = np.array([0.1, 0.3, np.inf]), np.array([0.2, 0.3])


def test_critical_values_as_labelled_arrays():
    found = MatchProfile(*CRITICAL).to_xarray()
    np.testing.assert_array_equal(found["critical_x"], CRITICAL[0])
    assert found["critical_y"].dims == ("unit_y",)
    assert found["critical_y"].attrs["long_name"] == "critical ε"
    batch = MatchProfile(*(np.stack([side, side]) for side in CRITICAL)).to_xarray()
    assert batch["critical_x"].dims == ("batch_0", "unit_x")
    assert batch["critical_x"].shape == (2, 3)


def test_a_profile_is_drawn_as_the_share_of_units_at_each_epsilon():
    profile = MatchProfile(*CRITICAL)
    curve = profile.plot().axes[0].get_lines()[-1]
    for epsilon in (0.05, 0.15, 0.25, 0.35):
        at = np.searchsorted(curve.get_xdata(), epsilon, side="right") - 1
        drawn = curve.get_ydata()[at] if at >= 0 else 0
        assert drawn == pytest.approx(float(profile.similarity(epsilon)))


def test_a_match_is_drawn_as_its_units():
    match = MatchProfile(*CRITICAL).match(0.25)
    assert match.to_xarray()["matched_x"].values.tolist() == [True, False, False]
    first, second = match.plot().axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == ["1 of 3 units of x", "1 of 2 units of y"]
    assert first.collections[0].get_paths()[0].vertices[:, 0].tolist() == [0, 0]


def test_a_notebook_shows_a_figure_by_itself():
    """Without pyplot, which would register how."""
    assert MatchProfile(*CRITICAL).plot()._repr_png_().startswith(b"\x89PNG")


def test_a_figure_is_of_one_pair():
    batch = MatchProfile(*(np.stack([side, side]) for side in CRITICAL))
    with pytest.raises(ValueError, match="a figure is of one pair"):
        batch.plot()
    with pytest.raises(ValueError, match="a figure is of one pair"):
        Match(*(np.isfinite(side) for side in batch)).plot()
