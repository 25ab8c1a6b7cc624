"""Agreement with the public implementations, on the same arrays.

Numbers are those of the implementations themselves, run on the arrays of `demo` and `other`.
"""

import jax
import numpy as np
import pytest

from jaxrepsim import measures
from tests.reference import measures as ref


def demo():
    """The arrays of the demonstration in google-research/representation_similarity."""
    generator = np.random.RandomState(1337)
    x = generator.randn(100, 10)
    return x, generator.randn(100, 10) + x


def other():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6))
    return x, np.maximum(x @ rng.normal(size=(6, 9)) + 0.3 * rng.normal(size=(200, 9)), 0)


def value(function, x, y, *options):
    with jax.enable_x64(True):
        return float(function(x, y, *options))


def test_google_research_representation_similarity():
    """Printed in the demonstration (demo.ipynb): linear CKA, debiased, RBF with threshold 0.5."""
    assert value(measures.linear_cka, *demo()) == pytest.approx(0.55761, abs=5e-6)
    assert value(measures.debiased_cka, *demo()) == pytest.approx(0.51346, abs=5e-6)
    assert value(measures.rbf_cka, *demo(), 0.5) == pytest.approx(0.65483, abs=5e-6)


@pytest.mark.parametrize(
    ("pair", "mean", "strongest"),
    [(demo, 0.7310139587836586, 0.7057648081425142), (other, 0.7770634891703004, 0.7528965859226611)],
)
def test_google_svcca(pair, mean, strongest):
    """Computed with google/svcca at commit 1f3fbf1: the mean of `cca_coef1` of `get_cca_similarity` (epsilon 0), of the
    arrays, and of their principal components up to 90 % of the variance."""
    assert value(measures.cca, *pair()) == pytest.approx(mean, abs=1e-6)
    assert value(measures.svcca, *pair(), 0.9) == pytest.approx(strongest, abs=1e-6)


@pytest.mark.parametrize(
    ("pair", "swapped", "mean"),
    [(demo, False, 0.7346677196174035), (demo, True, 0.7368405675246635), (other, False, 0.7780507586728499)],
)
def test_google_svcca_projection_weighted(pair, swapped, mean):
    """Computed with google/svcca at commit 1f3fbf1: `cca_dirns1` and `cca_coef1` of `get_cca_similarity` of the centred
    arrays, centred and of norm 1, weighted as in Morcos et al.; its `compute_pwcca` does something else (see
    docs/measures.md)."""
    x, y = pair()[::-1] if swapped else pair()
    assert value(measures.pwcca, x, y) == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize(
    ("pair", "alpha", "angle"),
    [
        (demo, 0.0, 0.7509896032371814),
        (demo, 0.5, 0.7429660916775279),
        (demo, 1.0, 0.7432764761208089),
        (other, 0.0, 0.8834740981518018),
        (other, 0.25, 0.757869459795896),
        (other, 0.5, 0.7568917727287862),
        (other, 1.0, 0.7570408334482378),
    ],
)
def test_netrep(pair, alpha, angle):
    """Computed with ahwillia/netrep at commit 0186b8a: `LinearMetric(alpha=alpha).fit(x, y).score(x, y)`, which
    widens the 6 units of `other` to 9 by zeros: of length 0, these change no angle."""
    assert value(measures.shape_distance, *pair(), alpha) == pytest.approx(angle, abs=1e-8)
    if alpha == 1:
        assert value(measures.angular_procrustes, *pair()) == pytest.approx(angle, abs=1e-8)


def test_netrep_of_small_activations():
    """With the same command netrep gives 0.7547023745874292 for `other` times 1e-5: it raises eigenvalues to 1e-7."""
    x, y = other()
    assert value(measures.shape_distance, 1e-5 * x, 1e-5 * y, 0.0) == pytest.approx(0.8834740981518018, abs=1e-8)


@pytest.mark.parametrize(("pair", "similarity"), [(demo, 0.7362553106058289), (other, 0.7268714683510569)])
def test_netrep_bures(pair, similarity):
    """Computed with ahwillia/netrep at commit 0186b8a: (tr K + tr L − sq_bures_metric(K, L)) / 2√(tr K tr L)."""
    assert value(measures.bures, *pair()) == pytest.approx(similarity, abs=1e-8)


@pytest.mark.parametrize(
    ("pair", "k", "shared"), [(demo, 5, 0.216), (demo, 10, 0.279), (other, 5, 0.287), (other, 10, 0.349)]
)
def test_platonic_rep(pair, k, shared):
    """Computed with minyoungg/platonic-rep at commit dcd76ba: `mutual_knn` of activations that `F.normalize` has
    normalised, in float64."""
    assert value(measures.mutual_knn, *pair(), k) == pytest.approx(shared, abs=1e-6)
    assert ref.mutual_knn(*pair(), k) == pytest.approx(shared, abs=1e-6)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("pair", [demo, other])
def test_rsatoolbox(pair):
    rsatoolbox = pytest.importorskip("rsatoolbox")
    methods = {"correlation": "correlation", "euclidean": "euclidean"}
    comparisons = {"spearman": "spearman", "pearson": "corr", "cosine": "cosine"}
    for distance, method in methods.items():
        tables = [rsatoolbox.rdm.calc_rdm(rsatoolbox.data.Dataset(side), method=method) for side in pair()]
        for compare, theirs in comparisons.items():
            expected = rsatoolbox.rdm.compare(*tables, method=theirs).item()
            # Of rectified samples some distances are equal up to rounding, which then decides their ranks.
            bound = 1e-7 if compare == "spearman" else 1e-10
            assert value(measures.rsa, *pair(), distance, compare) == pytest.approx(expected, abs=bound)


@pytest.mark.long
@pytest.mark.parametrize("pair", [demo, other])
def test_pot(pair):
    ot = pytest.importorskip("ot")
    x, y = pair()
    units = [ref.centred(side) / np.linalg.norm(ref.centred(side), axis=0) for side in (x, y)]
    cost = ot.dist(units[0].T, units[1].T)
    masses = [np.full(side.shape[1], 1 / side.shape[1]) for side in (x, y)]
    assert value(measures.soft_matching, x, y) == pytest.approx(np.sqrt(ot.emd2(*masses, cost)), abs=1e-8)


@pytest.mark.long
@pytest.mark.parametrize("pair", [demo, other])
def test_scikit_learn(pair):
    linear_model = pytest.importorskip("sklearn.linear_model")
    x, y = pair()
    left = x - linear_model.LinearRegression().fit(y, x).predict(y)
    expected = 1 - (left**2).sum() / (ref.centred(x) ** 2).sum()
    assert value(measures.linear_regression, x, y) == pytest.approx(expected, abs=1e-10)
