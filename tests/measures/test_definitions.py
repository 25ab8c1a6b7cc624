"""Every measure against its definition in NumPy, written another way (tests/reference/measures.py)."""

import inspect

import jax
import numpy as np
import pytest

from jaxrepsim import measures
from jaxrepsim.measures import MEASURES
from jaxrepsim.measures.ridge import PENALTIES
from tests.measures.pairs import degenerate, planted
from tests.reference import measures as ref

CASES = {
    "narrow and wide": planted(20, 4, 9),
    "wide and narrow": planted(21, 7, 5),
    "more units than samples": [side[:, :12] for side in degenerate()["more units than samples"]],
    **{name: degenerate()[name] for name in ("dead", "duplicate", "constant", "one unit", "low rank", "offset")},
}
OWN = ("match_similarity", "match_auc", "joint_similarity")
"""Whose oracles are those of matches: tests/matching, and below."""


def value(function, x, y, *options):
    with jax.enable_x64(True):
        return float(function(x, y, *options))


def meant_for(name, case):
    """Where the oracle has no answer: fewer samples than units leave no covariance to invert; no correlation across one
    unit; more than 8 units have too many assignments."""
    x, y = CASES[case]
    return not (
        (name in ("svcca", "pwcca", "ridge") and case == "more units than samples")
        or (name == "rsa" and case == "one unit")
        or (name == "permutation" and min(x.shape[1], y.shape[1]) > 8)
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", [name for name in MEASURES if name not in OWN])
def test_is_its_definition(name, case):
    if not meant_for(name, case):
        return
    options = (PENALTIES, 5) if name == "ridge" else ()
    expected = getattr(ref, name)(*CASES[case], *options)
    bound = 1e-6 if case == "offset" else 1e-7  # oracles that do not centre lose digits
    assert value(getattr(measures, name), *CASES[case]) == pytest.approx(expected, abs=bound)


OPTIONS = [
    ("svcca", 0.3),
    ("svcca", 0.9),
    ("rbf_cka", 0.2),
    ("rbf_cka", 5.0),
    ("shape_distance", 0.0),
    ("shape_distance", 1.0),
    ("mutual_knn", 3),
    ("rsa", "euclidean", "pearson"),
    ("rsa", "cosine", "cosine"),
    ("rsa", "correlation", "pearson"),
    ("ridge", (0.01, 0.1, 1.0), 4),
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: "-".join(map(str, options)))
def test_is_its_definition_with_other_options(options):
    name, *others = options
    x, y = CASES["narrow and wide"]
    assert value(getattr(measures, name), x, y, *others) == pytest.approx(getattr(ref, name)(x, y, *others), abs=1e-8)


def test_kernels_agree_whichever_product_is_smaller():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 12, 16))  # rows are padded to 64, and so compressed alone have fewer than units
    assert value(measures.linear_cka, x, y) == pytest.approx(ref.linear_cka(x, y), abs=1e-12)
    wide_x, wide_y = rng.normal(size=(2, 20, 80))
    with jax.enable_x64(True):
        found = jax.jit(measures.linear_cka)(wide_x, wide_y)
    assert float(found) == pytest.approx(ref.linear_cka(wide_x, wide_y), abs=1e-12)


@pytest.mark.long
def test_the_unbiased_estimate_has_no_bias():
    """Over 1,000 independent pairs of 20 samples and 10 units the mean of HSIC₁ is 0, where that of HSIC is not."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 1000, 20, 10)).astype(np.float32)
    debiased, biased = (np.asarray(jax.jit(jax.vmap(f))(x, y)) for f in (measures.debiased_cka, measures.linear_cka))
    assert abs(debiased.mean()) < 4 * debiased.std() / np.sqrt(1000)
    assert biased.mean() > 0.3


def test_of_fewer_than_four_samples_there_is_no_unbiased_estimate():
    x = np.arange(9.0).reshape(3, 3) ** 2
    with pytest.raises(ValueError, match="4 samples or more, received 3"):
        measures.debiased_cka(x, x)
    from jaxrepsim.compression import summarise

    assert np.isnan(measures.debiased_cka(*summarise(x, x)))


def test_matches_read_what_the_profile_says():
    import jaxrepsim

    x, y = planted(22, 5, 7)
    with jax.enable_x64(True):
        profile = jaxrepsim.match_profile(x, y)
        joint = jaxrepsim.joint_match([x, y, x[:, :3]], 0.3)
        for epsilon in (0.0, 0.1, 0.3, 0.9):
            assert float(measures.match_similarity(x, y, epsilon)) == float(profile.similarity(epsilon))
            assert float(measures.joint_similarity(x, y, epsilon=epsilon)) == float(profile.similarity(epsilon))
        for upper in (0.1, 0.5, 1.0):
            assert float(measures.match_auc(x, y, upper)) == pytest.approx(float(profile.auc(upper)), abs=1e-12)
        assert float(measures.joint_similarity(x, y, x[:, :3])) == float(joint.similarity)
        assert 0.2 < float(measures.match_similarity(x, y)) < 1


WRONG = [
    (measures.rbf_cka, 0.0, "scale must be a positive number, received 0.0"),
    (measures.svcca, 1.5, r"variance must be a share in \(0, 1\], received 1.5"),
    (measures.shape_distance, -0.1, r"alpha must lie in \[0, 1\], received -0.1"),
    (measures.ridge, (), r"penalties must be one positive number or more, received \(\)"),
    (measures.ridge, (1.0, -1.0), "positive number"),
    (measures.mutual_knn, 60, "less than the 60 samples; received 60"),
    (measures.mutual_knn, 0, "received 0"),
    (measures.rsa, "euclid", "did you mean 'euclidean'"),
    (measures.match_similarity, 1.0, r"epsilon must lie in \[0, 1\)"),
    (measures.match_auc, 0.0, r"upper must lie in \(0, 1\], received 0.0"),
]


@pytest.mark.parametrize(("function", "option", "message"), WRONG)
def test_options_that_make_no_sense_are_refused(function, option, message):
    with pytest.raises(ValueError, match=message):
        function(*planted(0), option)


def test_others_that_are_refused():
    x, y = planted(0)
    with pytest.raises(ValueError, match="unknown comparison 'kendall'"):
        measures.rsa(x, y, compare="kendall")
    with pytest.raises(ValueError, match="folds must be a whole number of 3 or more, received 2"):
        measures.ridge(x, y, folds=2)
    with pytest.raises(ValueError, match="5 folds need 5 samples or more, received 4"):
        measures.ridge(x[:4], y[:4])
    with pytest.raises(ValueError, match="two networks or more, received 1"):
        measures.joint_similarity(x)
    with pytest.raises(ValueError, match="networks of 0 and 6"):
        measures.soft_matching(x[:, :0], y)
    with pytest.raises(ValueError, match="networks of 6 and 5 units are matched by optimal transport, on the host"):
        jax.jit(measures.soft_matching)(x, y[:, :5])
    assert "epsilon" in inspect.signature(measures.joint_similarity).parameters


@pytest.mark.parametrize("name", [name for name in MEASURES if name not in ("soft_matching", "mutual_knn", "rsa")])
def test_networks_without_units_are_like_none(name):
    x, y = planted(0)
    assert float(MEASURES[name].function(x[:, :0], y)) == pytest.approx(MEASURES[name].constant, abs=1e-6)
