"""Compressions that keep the means, and the squared lengths of samples, against NumPy on all rows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim import compression
from jaxrepsim.errors import IllConditionedWarning

SAMPLES = 301


def networks(seed=0, samples=SAMPLES):
    """An offset, a rectified network, a dead and a constant unit, scales apart; of numbers that float32 has."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, 6)) + 100
    y = np.maximum(rng.normal(size=(samples, 5)), 0) * 1e3
    y[:, 1], x[:, 2] = 0, 7.25
    return [side.astype(np.float32).astype(np.float64) for side in (x, y)]


def streamed(networks, dtype, squares=True):
    """In batches, in two places."""
    states = [compression.init([z.shape[1] for z in networks], dtype, squares=squares) for _ in range(2)]
    for at, rows in enumerate(np.array_split(np.arange(len(networks[0])), [100, 150])):
        states[at % 2] = compression.update(states[at % 2], *(z[rows] for z in networks))
    return compression.merge(*states)


WAYS = {
    "at once": compression.summarise,
    "at once, under jit": jax.jit(compression.summarise),
    "float32": lambda *given: compression.summary(streamed(given, jnp.float32)),
    "float32, under jit": lambda *given: jax.jit(compression.summary)(streamed(given, jnp.float32)),
    "float64": lambda *given: compression.summary(streamed(given, jnp.float64)),
}


def assert_stands_for(found, networks, bound):
    for one in found:
        assert float(one.samples) == len(networks[0])
        assert one.rows.shape[0] == one.squares.shape[0]
    rows, squares = ([np.asarray(one[field], np.float64) for one in found] for field in (0, 2))
    around = [z - z.mean(axis=0) for z in networks]
    lengths = [np.sum(z**2, axis=1) for z in around]

    def close(a, b):
        np.testing.assert_allclose(a, b, rtol=0, atol=bound * max(np.abs(b).max(), 1e-300))

    for a in range(len(networks)):
        close(rows[a][0], np.sqrt(len(networks[a])) * networks[a].mean(axis=0))
        for b in range(len(networks)):
            close(rows[a].T @ rows[b], networks[a].T @ networks[b])
            close(rows[a][1:].T @ rows[b][1:], around[a].T @ around[b])
            close(squares[a] @ squares[b], lengths[a] @ lengths[b])


@pytest.mark.parametrize("way", WAYS)
def test_has_all_inner_products_and_fourth_order_sums(way):
    bound = 1e-12 if way == "float64" else 1e-13  # where the lengths are not those around a shift
    with jax.enable_x64(True):
        given = networks()
        assert_stands_for(WAYS[way](*given), given, bound)
        given[0][[3, 50]], given[1][[3, 50]] = 0, 0  # which count as samples
        assert_stands_for(WAYS[way](*given), given, bound)


@pytest.mark.parametrize("way", ["at once", "float32"])
def test_in_float32(way):
    with jax.enable_x64(False):
        found = WAYS[way](*networks())
        assert all(part.dtype == jnp.float32 for one in found for part in (one.rows, one.squares))
        assert_stands_for(found, networks(), 1e-4)


def test_constant_units_are_zero_around_their_mean():
    with jax.enable_x64(True):
        for make in WAYS.values():
            x, y = make(*networks())
            assert not np.any(x.rows[1:, 2])
            assert not np.any(y.rows[:, 1])


def test_one_network_several_and_fewer_samples_than_units():
    with jax.enable_x64(True):
        x, y = networks(samples=4)
        for given in ((x,), (x, y, x[:, :2])):
            for make in (compression.summarise, WAYS["float64"]):
                if make is compression.summarise:
                    assert len(make(*given)[0].rows) == 5
                assert_stands_for(make(*given), given, 1e-11)
        assert compression.summarise() == ()


def test_other_compressions_of_the_same_state_are_as_without_squares():
    with jax.enable_x64(True):
        given = networks()
        for dtype in (jnp.float32, jnp.float64):
            with_squares, without = (compression.finalize(streamed(given, dtype, squares)) for squares in (True, False))
            for a, b in zip(with_squares, without, strict=True):
                np.testing.assert_allclose(a.T @ a, b.T @ b, rtol=1e-12, atol=1e-9)
        state = streamed(given, jnp.float32)
        np.testing.assert_allclose(
            compression.error_bound(state), compression.error_bound(streamed(given, jnp.float32, False)), rtol=1e-6
        )
        means = compression.summary(streamed(given, jnp.float32, False))
        assert means[0].squares is None
        np.testing.assert_allclose(means[0].rows.T @ means[1].rows, given[0].T @ given[1], rtol=1e-12)


def test_what_cannot_be():
    with jax.enable_x64(True):
        plain = compression.init((2,), jnp.float64)
        with pytest.raises(ValueError, match="has no means: begin it with squares=True"):
            compression.summary(plain)
        with pytest.raises(ValueError, match="nor one with squares and one without"):
            compression.merge(plain, compression.init((2,), jnp.float64, squares=True))
        with pytest.raises(ValueError, match="nor one with squares and one without"):
            compression.merge(compression.init((2,)), compression.init((2,), squares=True))
        x = np.arange(20.0).reshape(10, 2) ** 2
        state = compression.update(compression.init((3,)), np.concatenate([x, x[:, :1] + x[:, 1:]], axis=1))
        with pytest.warns(IllConditionedWarning, match="too nearly dependent"):
            compression.summary(state)
        assert compression.summary(compression.init(())) == ()


def test_what_is_not_finite():
    x, y = networks()
    x[4, 1] = np.nan
    with pytest.raises(ValueError, match="unit 1 of the first network is nan at sample 4"):
        compression.summarise(x, y)
    assert np.isnan(jax.jit(compression.summarise)(x, y)[0].rows).all()
