"""Numbers counted from results, against a second way to count them."""

from collections.abc import Callable

import numpy as np
import pytest
from xarray import DataTree

from jaxrepsim.report.match_profiles import half_matched, profile_auc, profile_similarity
from jaxrepsim.report.results import over_pairs, pair_similarity, unit_counts
from jaxrepsim.report.sections.minimal_matches import minimal_sizes


def counted(results: DataTree, epsilon: float) -> np.ndarray:
    """Similarity at one ε, counted unit by unit."""
    x, y = results["similarity/profile_x"].values, results["similarity/profile_y"].values
    matched = (x <= epsilon).sum(-1) + (y <= epsilon).sum(-1)
    return (matched / ((~np.isnan(x)).sum(-1) + (~np.isnan(y)).sum(-1))).mean(-1)


def test_profile_gives_the_similarity_of_the_run(results: DataTree) -> None:
    at_run = profile_similarity(results, results["epsilon"].values)
    np.testing.assert_allclose(at_run, pair_similarity(results), atol=1e-12)


@pytest.mark.parametrize("epsilon", [0.0, 0.123, 0.25, 0.9, 1.0])
def test_profile_similarity_counts_units(results: DataTree, epsilon: float) -> None:
    np.testing.assert_allclose(profile_similarity(results, [epsilon])[..., 0], counted(results, epsilon), atol=1e-12)


@pytest.mark.parametrize("upper", [0.3, 0.5, 1.0])
def test_auc_is_the_mean_of_the_profile(results: DataTree, upper: float) -> None:
    centres = (np.arange(4000) + 0.5) * upper / 4000
    np.testing.assert_allclose(profile_auc(results, upper), profile_similarity(results, centres).mean(-1), atol=1e-3)


def test_half_matched_is_where_the_profile_crosses_a_half(make: Callable[..., DataTree]) -> None:
    results = make(redraws=1)
    half = half_matched(results)
    for layer, pair in np.ndindex(*half.shape):
        one = results.isel(layer=[layer], pair=[pair])
        before, after = profile_similarity(one, [half[layer, pair] - 1e-9, half[layer, pair]])[0, 0]
        assert before < 0.5 <= after


def test_half_matched_is_infinite_where_most_units_are_dead(make: Callable[..., DataTree]) -> None:
    results = make(layers=("a",))
    for name in ("profile_x", "profile_y"):
        profile = results[f"similarity/{name}"]
        profile[:] = np.where(np.isnan(profile), np.nan, np.inf)
    assert np.isinf(half_matched(results)).all()
    assert (profile_auc(results) == 0).all()


def test_redraws_that_were_not_made_do_not_count(results: DataTree) -> None:
    only = results.isel(redraw=[0, 1])
    padded = results.copy(deep=True)
    for name in ("similarity", "profile_x", "profile_y"):
        padded[f"similarity/{name}"][{"redraw": [2, 3]}] = np.nan
    for measure in (pair_similarity, profile_auc, half_matched):
        np.testing.assert_allclose(measure(padded), measure(only))
    for got, expected in zip(unit_counts(padded), unit_counts(only), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_unit_counts_may_differ_between_the_sides(results: DataTree) -> None:
    results["similarity/profile_y"][:, :, :, 10:] = np.nan
    x, y = unit_counts(results)
    np.testing.assert_array_equal(x, np.tile(results["similarity/units"].values[:, None], 3))
    assert (y == 10).all()


def test_minimal_sizes_of_one_cell(results: DataTree) -> None:
    results["minimal_matches/sampled_unit"][:] = -1
    results["minimal_matches/sampled_unit"][0, 0, 4, :3] = [5, 6, 7]
    results["minimal_matches/sampled_unit"][0, 1, 4, 0] = 5
    results["minimal_matches/size_x"][0, 0, 4, :3] = [1, 8, 0]
    results["minimal_matches/size_y"][0, 0, 4, :3] = [1, 8, 0]
    results["minimal_matches/size_x"][0, 1, 4, 0] = 0
    results["minimal_matches/size_y"][0, 1, 4, 0] = 0
    found = minimal_sizes(results)[4]
    assert found.sizes[found.held].tolist() == [2, 16]
    assert found.shares[found.held].tolist() == [2 / 32, 16 / 32]
    assert found.none.sum(1).tolist() == [2] + [0] * 9
    assert found.sampled == 4
    assert not found.held[1:].any()


def test_spread() -> None:
    spread = over_pairs([[1.0, 2.0, 6.0]])
    assert [values.tolist() for values in spread] == [[3.0], [1.0], [6.0]]
