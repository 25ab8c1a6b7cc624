"""What the tests of measures count, against brute force, scikit-learn and SciPy."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score

from jaxrepsim import validity

RANDOM = np.random.default_rng(0)


def symmetric(count: int, digits: int) -> np.ndarray:
    """Similarities of networks, rounded so that some are equal."""
    values = RANDOM.random((count, count)).round(digits)
    return np.triu(values, 1) + np.triu(values, 1).T


def test_identification_counts_layers_one_by_one():
    values = RANDOM.random((4, 4, 5, 5)).round(1)
    values[0, 1, 2, 3] = np.nan
    shares = validity.identified(values)
    for a, b, i in product(range(4), range(4), range(5)):
        row = values[a, b, i]
        best = [j for j in range(5) if all(row[j] >= other for other in row)]
        assert shares[a, b, i] == (1 / len(best) if i in best else 0), row
    pairs = [*permutations(range(4), 2)]
    expected = np.mean([shares[a, b] for a, b in pairs], axis=0)
    np.testing.assert_allclose(validity.accuracy(shares, np.arange(4)), expected)
    # Network 2 twice: its pairs count twice, and the pair with its copy not at all.
    twice = [shares[a, b] for a, b in product((0, 2, 2), repeat=2) if a != b]
    np.testing.assert_allclose(validity.accuracy(shares, np.array([0, 2, 2])), np.mean(twice, axis=0))
    assert np.isnan(validity.accuracy(shares, np.array([1, 1]))).all()


def test_a_tie_of_all_layers_is_chance():
    assert validity.accuracy(validity.identified(np.zeros((3, 3, 8, 8))), np.arange(3)).mean() == 1 / 8


@pytest.mark.parametrize("digits", [1, 6])
def test_separation_against_scikit_learn_and_brute_force(digits):
    groups = np.repeat(np.arange(3), 4)
    values = symmetric(12, digits)
    precisions, rates = [], []
    for group in range(3):
        within = [values[a, b] for a, b in combinations(range(12), 2) if groups[a] == groups[b] == group]
        across = [values[a, b] for a, b in product(range(12), repeat=2) if groups[a] == group != groups[b]]
        labels = [1] * len(within) + [0] * len(across)
        precisions.append(average_precision_score(labels, within + across))
        rates.append(np.mean([a <= b for a, b in product(within, across)]))
    found = validity.separation(values, groups)
    assert found.auprc == pytest.approx(np.mean(precisions))
    assert found.violations == pytest.approx(np.mean(rates))


def test_separation_of_groups_that_are_apart_and_of_none():
    groups = np.repeat(np.arange(3), 3)
    apart = np.equal.outer(groups, groups).astype(float)
    assert validity.separation(apart, groups) == (1, 0)
    assert validity.separation(1 - apart, groups).violations == 1
    assert np.isnan(validity.separation(np.where(apart == 0, np.nan, apart), groups)).all()
    # Of a group only copies of one network are drawn: it has no pair.
    assert np.isnan(validity.separation(apart, groups, np.array([0, 0, 0, 3, 4, 6, 7]))).all()
    assert validity.separation(apart, groups, np.array([0, 0, 1, 3, 4, 4, 6, 7])) == (1, 0)


def test_monotonicity_by_brute_force():
    values = RANDOM.random((6, 6)).round(1)
    np.fill_diagonal(values, np.nan)
    found = validity.monotonicity(values)
    triples = [(i, j, k) for i, j, k in product(range(6), repeat=3) if i < j < k or i > j > k]
    assert found.violations == pytest.approx(np.mean([values[i, j] < values[i, k] for i, j, k in triples]))
    correlations = []
    for i in range(6):
        for others in (range(i + 1, 6), range(i)):
            if len(others) > 1 and len({values[i, j] for j in others}) > 1:
                correlations.append(stats.spearmanr([-values[i, j] for j in others], [abs(i - j) for j in others])[0])
    assert found.correlation == pytest.approx(np.mean(correlations))
    assert np.isnan(validity.monotonicity(np.eye(2))).all()


def test_of_layers_that_do_not_vary_or_are_not_known_there_is_no_order():
    flat = np.ones((5, 5))
    assert np.isnan(validity.monotonicity(flat).correlation)
    flat[0] = [1, 0.9, 0.8, 0.7, 0.6]
    assert validity.monotonicity(flat).correlation == 1
    flat[1, 3] = np.nan
    assert validity.monotonicity(flat).correlation == 1


def test_mantel_against_all_orders():
    """Of five networks there are 120 orders; drawn ones come near their share."""
    x, y = symmetric(5, 6), symmetric(5, 6)
    above = np.triu_indices(5, 1)

    def of(order):
        return stats.spearmanr(x[np.ix_(order, order)][above], y[above]).statistic

    every = np.array([of(list(order)) for order in permutations(range(5))])
    correlation, p = validity.mantel(x, y, draws=4000, seed=0)
    assert correlation == pytest.approx(every[0])
    assert p == pytest.approx((every >= every[0] - 1e-9).mean(), abs=0.03)
    assert np.isnan(validity.mantel(x, np.zeros((5, 5)), 10, 0)).all()


def test_output_distances_against_scipy():
    logits, labels = RANDOM.normal(size=(3, 20, 4)) * 3, RANDOM.integers(0, 4, 20)
    found = validity.output_distances(logits, labels)
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    right = [[int(np.argmax(row)) for row in network] for network in logits]
    for a, b in product(range(3), repeat=2):
        divergence = np.mean([jensenshannon(p, q) ** 2 for p, q in zip(shares[a], shares[b], strict=True)])
        assert found.divergence[a, b] == pytest.approx(divergence, abs=1e-12)
        assert found.disagreement[a, b] == np.mean([p != q for p, q in zip(right[a], right[b], strict=True)])
        hits = [np.mean([p == label for p, label in zip(right[n], labels, strict=True)]) for n in (a, b)]
        assert found.accuracy[a, b] == pytest.approx(abs(hits[0] - hits[1]))


def test_bootstrap_covers_the_mean():
    """Intervals of means of 30 draws hold the true mean about as often as they say."""
    covered = []
    for seed in range(200):
        values = np.random.default_rng(seed).normal(size=30)
        draws = validity.resampled(lambda places, of=values: of[places].mean(), np.zeros(30, int), 300, seed)
        low, high = validity.interval(draws)
        covered.append(low <= 0 <= high)
    assert 0.88 <= np.mean(covered) <= 0.98


def test_bootstrap_draws_within_groups():
    groups = np.array([0, 0, 1, 1, 1])
    drawn = validity.resampled(lambda places: np.bincount(groups[places], minlength=2), groups, 50, 0)
    assert (drawn == [2, 3]).all()
    low, high = validity.interval(np.array([[1.0, np.nan], [2.0, np.nan]]))
    assert np.isnan([low[1], high[1]]).all()
    assert 1 <= low[0] < high[0] <= 2


def test_leading_components_against_scikit_learn():
    training, samples = RANDOM.normal(size=(50, 8)) @ np.diag(range(1, 9)), RANDOM.normal(size=(20, 8))
    found = validity.leading(training, samples, 0.4)
    fitted = PCA(3).fit(training)
    np.testing.assert_allclose(found.fitted, fitted.inverse_transform(fitted.transform(training)), atol=1e-10)
    np.testing.assert_allclose(found.seen, fitted.inverse_transform(fitted.transform(samples)), atol=1e-10)
    np.testing.assert_allclose(validity.leading(training, samples, 1.0).seen, samples, atol=1e-10)
    assert np.linalg.matrix_rank(validity.leading(training, samples, 0.01).seen - training.mean(0)) == 1


def test_a_probe_finds_what_is_linear_and_no_more():
    labels = RANDOM.integers(0, 3, 300)
    informed = np.eye(3)[labels] @ RANDOM.normal(size=(3, 6)) * 5 + RANDOM.normal(size=(300, 6))
    blind = RANDOM.normal(size=(300, 6))
    accuracies = [
        validity.probe_accuracy(validity.Deletion(x[:200], x[200:]), labels[:200], labels[200:])
        for x in (informed, blind)
    ]
    assert accuracies[0] > 0.95
    assert accuracies[1] < 0.55


def test_functionality_correlation_and_detection():
    apart, accuracies = RANDOM.random(12), RANDOM.random(12)
    rho, tau = validity.functionality_correlation(apart, accuracies, 0.9)
    assert rho == pytest.approx(stats.spearmanr(apart, abs(accuracies - 0.9)).statistic)
    assert tau == pytest.approx(stats.kendalltau(apart, abs(accuracies - 0.9)).statistic)
    for known in (np.zeros(12), np.where(apart > 0.5, np.nan, apart)):
        assert np.isnan(validity.functionality_correlation(known, accuracies, 0.9)).all()
        assert np.isnan(validity.functionality_correlation(apart, known, 0.0)).all()
    shares = np.array([0.75, 0.5, 0.1])
    assert validity.detection(np.array([0.0, 0.2, 0.9]), shares, 0.1) == 0.5
    assert validity.detection(np.array([0.0, 0.2, 0.9]), shares, 1.0) == 0


def test_moved_rows_move_alone():
    x, direction = RANDOM.normal(size=(40, 5)), RANDOM.normal(size=5)
    moved = validity.moved_rows(x, np.array([3, 7]), 10, direction)
    others = np.delete(np.arange(40), [3, 7])
    np.testing.assert_array_equal(moved[others], x[others])
    length = np.sqrt(np.var(x, axis=0).sum())
    np.testing.assert_allclose(np.linalg.norm(moved[[3, 7]] - x[[3, 7]], axis=1), 10 * length)


@pytest.mark.parametrize(
    ("match", "cka", "regression", "wins", "expected"),
    [
        (0.92, 0.93, 0.5, 2, "better"),
        (0.92, 0.93, 0.5, 1, "neither"),
        (0.90, 0.93, 0.5, 3, "neither"),
        (0.40, 0.93, 0.5, 3, "worse"),
        (0.93, 0.93, 0.95, 3, "neither"),
    ],
)
def test_the_rule_of_decision(match, cka, regression, wins, expected):
    shares = {"match_auc": match, "linear_cka": cka, "linear_regression": regression}
    assert validity.verdict(shares, wins) == expected
    assert validity.control_holds(shares)
    assert not validity.control_holds(shares | {"linear_cka": 0.9})
