"""Partners beside best units: what is derived from both, matrices in their order, and cycles of networks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.convergent import agreement, column_order, cycle_consistent, one_to_one, permuted
from jaxrepsim.convergent.one_to_one import OneToOne
from tests.matching.calls import LOGIC_DTYPES, over_seeds

SHAPES = [(6, 6), (4, 6), (6, 4)]
DERIVED = (
    *("mean_matched", "mean_best", "curve_matched", "curve_best", "agree", "agreement", "mean_agreeing"),
    *("partner", "best_x", "best_y", "matched", "best_value_x", "best_value_y", "mutual"),
)


def derived(found: OneToOne):
    return {name: getattr(found, name) for name in DERIVED}


compiled = jax.jit(lambda similarity: derived(one_to_one(similarity)))
batched = jax.jit(lambda similarities: derived(jax.vmap(one_to_one)(similarities)))


def by_definition(similarity, partner):
    """Everything from the matrix and the partners, unit by unit."""
    n_x = len(similarity)
    have = [i for i in range(n_x) if partner[i] >= 0]
    best_x = [int(np.argmax(row)) for row in similarity]
    best_y = [int(np.argmax(column)) for column in similarity.T]
    matched = [similarity[i, partner[i]] if i in have else np.nan for i in range(n_x)]
    agree = [i in have and partner[i] == best_x[i] for i in range(n_x)]
    same = [matched[i] for i in range(n_x) if agree[i]]
    return {
        "partner": partner,
        "best_x": best_x,
        "best_y": best_y,
        "matched": matched,
        "best_value_x": [max(row) for row in similarity],
        "best_value_y": [max(column) for column in similarity.T],
        "mean_matched": np.mean([matched[i] for i in have]),
        "mean_best": np.mean([max(similarity[i]) for i in have]),
        "curve_matched": sorted((matched[i] for i in have), reverse=True),
        "curve_best": sorted((max(similarity[i]) for i in have), reverse=True),
        "agree": agree,
        "agreement": sum(agree) / len(have),
        "mean_agreeing": np.mean(same) if same else np.nan,
        "mutual": [best_y[best_x[i]] == i for i in range(n_x)],
    }


def similarities(rng, shape):
    live = rng.uniform(-1, 1, (4, *shape))
    live[1][rng.random(shape[0]) < 0.4] = 0
    live[2][:, rng.random(shape[1]) < 0.4] = 0
    live[3] = -np.abs(live[3])
    return live


@pytest.mark.parametrize("dtype", LOGIC_DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@over_seeds(5)
def test_all_that_is_derived(shape, dtype, seed):
    cases = similarities(np.random.default_rng(seed), shape).astype(dtype)
    with jax.enable_x64(dtype == np.float64):
        together = jax.tree.map(np.asarray, batched(jnp.asarray(cases)))
        for number, case in enumerate(cases):
            plain = derived(one_to_one(jnp.asarray(case)))
            one = {name: value[number] for name, value in together.items()}
            for found in (plain, one):
                assert found["matched"].dtype == found["mean_matched"].dtype == dtype
                expected = by_definition(case, np.asarray(found["partner"]))
                for name in DERIVED:
                    np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, atol=1e-6, err_msg=name)
            np.testing.assert_allclose(plain["mean_matched"], one["mean_matched"], atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
@over_seeds(5)
def test_the_best_is_nowhere_below_the_partner(shape, seed):
    found = one_to_one(similarities(np.random.default_rng(seed), shape)[seed % 4].astype(np.float32))
    have = np.asarray(found.partner) >= 0
    assert (np.asarray(found.matched) <= found.best_value_x)[have].all()
    assert (np.asarray(found.curve_matched) <= found.curve_best).all()
    assert found.mean_matched <= found.mean_best + 1e-6
    assert (np.diff(found.curve_best) <= 0).all()


def test_mutual_best_pairs_are_found_whatever_the_order_of_units():
    rng = np.random.default_rng(3)
    similarity = rng.standard_normal((6, 6)).astype(np.float32)
    found = one_to_one(similarity)
    rows, columns = rng.permutation(6), rng.permutation(6)
    moved = one_to_one(similarity[rows][:, columns])
    np.testing.assert_array_equal(moved.mutual, found.mutual[rows])
    np.testing.assert_array_equal(moved.agree, found.agree[rows])
    np.testing.assert_allclose(moved.curve_matched, found.curve_matched)


def test_dead_units_count_at_zero():
    similarity = np.zeros((4, 4), np.float32)
    similarity[:2, 1:3] = [[0.8, 0.1], [0.6, 0.4]]
    found = one_to_one(similarity)
    assert found.mean_matched == pytest.approx((0.8 + 0.4) / 4)
    assert found.mean_best == pytest.approx((0.8 + 0.6) / 4)
    np.testing.assert_allclose(found.curve_matched, [0.8, 0.4, 0, 0], atol=1e-6)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_no_units(shape):
    for found in (derived(one_to_one(np.zeros(shape, np.float32))), compiled(np.zeros(shape, np.float32))):
        np.testing.assert_array_equal(found["partner"], np.full(shape[0], -1))
        np.testing.assert_array_equal(found["best_x"], np.full(shape[0], -1))
        np.testing.assert_array_equal(found["best_y"], np.full(shape[1], -1))
        assert found["curve_matched"].shape == found["curve_best"].shape == (0,)
        assert not np.any(found["mutual"])
        for name in ("matched", "best_value_x", "best_value_y", "mean_matched", "mean_best", "agreement"):
            assert np.isnan(found[name]).all()


def test_one_unit():
    found = compiled(np.full((1, 1), 0.5, np.float32))
    assert found["mutual"].tolist() == found["agree"].tolist() == [True]
    assert found["mean_matched"] == found["mean_best"] == found["mean_agreeing"] == 0.5


def test_traced_values_that_are_not_finite_show():
    similarity = np.random.default_rng(0).standard_normal((6, 6)).astype(np.float32)
    similarity[2, 3] = np.nan
    found = jax.tree.map(lambda values: values[0], batched(np.array([similarity] * 4)))
    assert np.isnan(found["mean_matched"])
    assert np.isnan(found["curve_matched"]).all()
    assert not found["agree"].any()
    assert not found["mutual"][2]
    with pytest.raises(ValueError, match="unit 2 of x and unit 3 of y is nan"):
        one_to_one(similarity)


@pytest.mark.parametrize("shape", SHAPES)
def test_partners_lie_on_the_diagonal(shape):
    rng = np.random.default_rng(5)
    similarity = rng.standard_normal(shape).astype(np.float32)
    found = one_to_one(similarity)
    order = np.asarray(column_order(found.partner, shape[1]))
    np.testing.assert_array_equal(np.sort(order), np.arange(shape[1]))
    aligned = permuted(similarity, found.partner)
    np.testing.assert_array_equal(aligned, similarity[:, order])
    have = np.flatnonzero(found.partner >= 0)
    np.testing.assert_array_equal(np.asarray(aligned)[have, np.arange(have.size)], found.matched[have])
    left_over = order[have.size :]
    np.testing.assert_array_equal(left_over, np.setdiff1d(np.arange(shape[1]), found.partner))
    np.testing.assert_array_equal(jax.jit(permuted)(similarity, found.partner), aligned)


def test_a_cycle_of_permuted_copies_closes():
    """Four networks whose first units are copies in other orders and whose last are strangers, by correlation."""
    rng = np.random.default_rng(7)
    shared = rng.standard_normal((3000, 20))
    orders = [rng.permutation(25) for _ in range(4)]
    noise = [rng.standard_normal((3000, 25)) for _ in range(4)]
    networks = [
        np.concatenate([shared + 0.3 * extra[:, :20], extra[:, 20:]], axis=1)[:, order]
        for extra, order in zip(noise, orders, strict=True)
    ]
    for count in (2, 3, 4):
        cycle = [(networks[i], networks[(i + 1) % count]) for i in range(count)]
        partners = [one_to_one(np.corrcoef(a.T, b.T)[:25, 25:].astype(np.float32)).partner for a, b in cycle]
        back = cycle_consistent(partners)
        reference = np.arange(25)
        for partner in partners:
            reference = np.asarray(partner)[reference]
        np.testing.assert_array_equal(back, reference == np.arange(25))
        assert np.asarray(back)[orders[0] < 20].all()
        np.testing.assert_array_equal(jax.jit(cycle_consistent)(partners), back)
    assert not np.asarray(back)[orders[0] >= 20].all()


def test_cycles_of_networks_of_different_width():
    to_b, to_c, to_a = np.array([1, -1, 0]), np.array([0, 2]), np.array([2, 1, 0, -1])
    np.testing.assert_array_equal(cycle_consistent([to_b, to_c, to_a]), [True, False, True])
    np.testing.assert_array_equal(cycle_consistent([to_c, to_a, to_b]), [True, True])
    empty = np.zeros(0, int)
    np.testing.assert_array_equal(cycle_consistent([np.array([-1, -1]), empty]), [False, False])
    assert cycle_consistent([empty, np.array([-1])]).shape == (0,)


def test_agreement_of_two_matchings():
    assert agreement(np.array([3, 1, -1, 0]), np.array([3, 2, 2, 0])).item() == pytest.approx(2 / 3)
    assert agreement(np.array([3, 1, 2, 0]), np.array([3, 1, -1, -1])).item() == 0.5
    batch = agreement(np.array([[0, 1], [1, 0]]), np.array([[0, 1], [0, 1]]))
    np.testing.assert_array_equal(batch, [1, 0])
    assert np.isnan(agreement(np.array([-1]), np.array([-1])))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: permuted(np.ones((2, 3), np.float32), np.array([1, 1])), "unit 1 of y is the partner of several"),
        (lambda: permuted(np.ones((2, 3), np.float32), np.array([0, 3])), "unit 1 has partner 3, and y has 3 units"),
        (lambda: permuted(np.ones((2, 3), np.float32), np.array([0, 1, 2])), r"2 units of x.*\(3,\)"),
        (lambda: permuted(np.ones(3, np.float32), np.array([0])), r"\(3,\)"),
        (lambda: column_order(np.zeros((2, 2), int), 3), r"\(2, 2\)"),
        (lambda: column_order(np.array([-2]), 3), "unit 0 has partner -2"),
        (lambda: cycle_consistent([np.array([0])]), "received 1"),
        (lambda: cycle_consistent([np.array([0, 2]), np.array([0, 1])]), "unit 1 has partner 2, and network 1 has 2"),
        (lambda: cycle_consistent([np.array([0]), np.zeros((), int)]), r"one axis.*\(\)"),
        (lambda: agreement(np.array([0]), np.array([0, 1])), r"\(1,\), \(2,\)"),
        (lambda: one_to_one(np.zeros(4, np.float32)), r"\(4,\)"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_partners_are_whole_numbers():
    with pytest.raises(TypeError, match="float32"):
        cycle_consistent([np.zeros(2, np.float32), np.zeros(2, int)])
    with pytest.raises(TypeError, match="int32"):
        one_to_one(np.zeros((2, 2), np.int32))
