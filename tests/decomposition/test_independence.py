import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim.decomposition as decomposition
from jaxrepsim.decomposition.independence import EXACT, bounds
from tests import reference as ref
from tests.matching import calls
from tests.reference.angles import angle, theta, theta_of_all_pairs

UNITS, SAMPLES, CASES = 6, 15, 24  # the shape of a batch of small cases
WIDE, TALL = 8, 24  # and of a batch for the ascent
TOLERANCE = {np.float64: 1e-7, np.float32: 5e-3}
CONDITION = {np.float64: 1e6, np.float32: 1e3}

KEY = np.uint32(0)
independence = jax.jit(lambda z, seed: decomposition.independence(z, jax.random.key(seed)))
small = jax.jit(jax.vmap(lambda z, seed: decomposition.independence(z, jax.random.key(seed)), (0, None)))
ascent = jax.jit(jax.vmap(lambda z, seed: bounds(z, jax.random.key(seed), 16, False, z.shape[0]), (0, None)))


def layer(rng, n, m, kind, condition):
    """n units on m samples; None where this kind wants others."""
    if kind == "random":
        return rng.normal(size=(m, n))
    if kind == "square":
        return calls.pad(rng.normal(size=(n, n)), m, n)
    if kind == "conditioned":
        basis = np.linalg.qr(rng.normal(size=(m, n)))[0]
        return ref.conditioned(rng, basis, condition ** rng.uniform(0.2, 1.0))
    if kind == "latent":
        return ref.latent_pair(rng, m, n, 1, 2, rng.uniform(0.1, 0.9))[0]
    if kind == "relu":
        return np.maximum(ref.latent_pair(rng, m, n, 1, 2, rng.uniform(0.1, 0.9))[0], 0)
    if kind == "orthogonal":
        return np.linalg.qr(rng.normal(size=(m, n)))[0]
    if kind == "duplicate":
        return ref.with_dependent(rng, rng.normal(size=(m, n - 1)), 1, 0)
    if kind == "sum":
        return ref.with_dependent(rng, rng.normal(size=(m, n - 1)), 0, 1)
    if kind == "few samples":
        return calls.pad(rng.normal(size=(n - 1, n)), m, n)
    return ref.with_dead(rng, layer(rng, n, m, "latent", condition), int(rng.integers(1, n + 1)))


KINDS = ("random", "square", "conditioned", "latent", "relu", "orthogonal", "duplicate", "sum", "few samples", "dead")
DEPENDENT = ("duplicate", "sum", "few samples")


def batch(seed, dtype, n=UNITS, m=SAMPLES, cases=CASES):
    """Layers of up to n units, padded with dead ones and rounded to dtype; and their kinds."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(KINDS, size=cases)
    layers = [layer(rng, int(rng.integers(3, n + 1)), m, kind, CONDITION[dtype]) for kind in kinds]
    scaled = [z * 10.0 ** rng.uniform(-3, 3, size=z.shape[1]) for z in layers]
    return np.array([calls.pad(z, m, n) for z in scaled]).astype(dtype).astype(np.float64), kinds


def check_group(z, group, upper, tolerance):
    """Of live units, proper, and at that angle."""
    alive = z.any(axis=0)
    if alive.sum() < 2:
        assert not group.any()
        assert upper == pytest.approx(np.pi / 2)
        return
    assert not group[~alive].any()
    assert 0 < group.sum() < alive.sum()
    assert angle(ref.unit_columns(z[:, alive]), group[alive]) == pytest.approx(upper, abs=tolerance)


@pytest.mark.parametrize("dtype", calls.DTYPES)
@calls.over_seeds(6)
def test_equals_the_oracle(dtype, seed):
    layers, kinds = batch(seed, dtype)
    found = calls.call(small, layers, KEY, dtype=dtype)
    assert found.lower.dtype == found.upper.dtype == dtype
    assert (found.lower <= found.upper).all()
    for z, kind, lower, upper, group in zip(layers, kinds, *found, strict=True):
        expected = theta(z)
        assert upper == pytest.approx(expected, abs=TOLERANCE[dtype])
        assert lower == pytest.approx(expected, abs=TOLERANCE[dtype])
        assert lower <= expected + 1e-12
        if kind in DEPENDENT:
            assert lower == upper == 0
        check_group(z, group, upper, TOLERANCE[dtype])


def test_relative_to_the_angle_at_the_limit_of_the_condition():
    rng = np.random.default_rng(0)
    layers = np.array([layer(rng, UNITS, SAMPLES, "conditioned", 1e6) for _ in range(CASES)])
    assert min(theta(z) for z in layers) < 1e-4
    found = calls.call(small, layers, KEY, dtype=np.float64)
    np.testing.assert_allclose(found.upper, [theta(z) for z in layers], rtol=1e-7)
    np.testing.assert_allclose(found.lower, found.upper, rtol=1e-6)


def test_the_lower_bound_holds_up_to_the_last_digit():
    """Float32, condition numbers far beyond what it resolves, against the oracle in float64."""
    rng = np.random.default_rng(9)
    found_zero = 0
    for _ in range(5):
        layers = np.array([layer(rng, UNITS, SAMPLES, "conditioned", 10 ** rng.uniform(2, 7)) for _ in range(CASES)])
        layers = layers.astype(np.float32).astype(np.float64)
        expected = np.array([theta(z) for z in layers])
        for search in (small, ascent):
            lower = calls.call(search, layers, KEY, dtype=np.float32).lower
            assert (lower <= expected).all()
            assert (lower > 0).any()
            found_zero += (lower == 0).sum()
    assert found_zero > 5


@calls.over_seeds(10)
def test_bipartitions_suffice(seed):
    rng = np.random.default_rng(seed)
    z = layer(rng, int(rng.integers(2, 6)), 8, "latent", 1e3)
    assert theta(z) == pytest.approx(theta_of_all_pairs(z), abs=1e-12)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
@calls.over_seeds(3)
def test_the_ascent_encloses_the_oracle(dtype, seed):
    layers, kinds = batch(seed, dtype, WIDE, TALL, 10)
    found = calls.call(ascent, layers, KEY, dtype=dtype)
    reached = []
    for z, kind, lower, upper, group in zip(layers, kinds, *found, strict=True):
        expected = theta(z)
        assert lower <= expected + 1e-12
        assert upper >= expected - TOLERANCE[dtype]
        check_group(z, group, upper, TOLERANCE[dtype])
        if kind in DEPENDENT:
            assert lower == upper == 0
        reached.append(upper <= expected + TOLERANCE[dtype])
        assert upper <= 1.1 * expected + TOLERANCE[dtype]
    assert np.mean(reached) >= 0.75


def test_the_ascent_mostly_finds_the_nearest_groups():
    """Of eight live units that are neither orthogonal nor dependent, where there is something to search for."""
    rng = np.random.default_rng(1)
    kinds = ("random", "square", "conditioned", "latent", "relu") * 4
    layers = np.array([layer(rng, WIDE, TALL, kind, 1e4) for kind in kinds])
    found = [calls.call(ascent, layers[i : i + 10], KEY, dtype=np.float64) for i in (0, 10)]
    expected = np.array([theta(z) for z in layers])
    upper, lower = (np.concatenate([getattr(part, name) for part in found]) for name in ("upper", "lower"))
    assert np.mean(upper <= expected * (1 + 1e-6)) >= 0.8
    assert (lower >= 0.5 * expected).all()  # Wielandt's inequality is not far off


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_more_units_than_can_be_tried_all(dtype):
    """24 units, of which a planted group of 3 stands at a known angle to others, and nearly all else is orthogonal."""
    n = 24
    basis = np.linalg.qr(np.random.default_rng(2).normal(size=(40, n)))[0]
    z = basis.copy()
    planted = 0.2
    z[:, 5] = np.cos(planted) * (basis[:, 7] + basis[:, 9]) / np.sqrt(2) + np.sin(planted) * basis[:, 5]
    found = calls.call(independence, z, KEY, dtype=dtype)
    assert n > EXACT
    assert found.lower <= planted * (1 + 1e-6)
    assert found.upper == pytest.approx(planted, abs=1e-6 if dtype == np.float64 else 1e-4)
    assert found.group[5] != found.group[7]
    assert found.group[7] == found.group[9]
    assert found.factor == pytest.approx(2 / np.sin(found.lower) + 1)
    dependent = calls.pad(ref.with_dependent(np.random.default_rng(2), basis[:, :20], 1, 2), 40, n)
    found = calls.call(independence, dependent, KEY, dtype=dtype)
    assert found.lower == found.upper == 0
    assert np.isinf(found.factor)
    check_group(dependent, found.group, 0.0, TOLERANCE[dtype])


def scaled(rng, z):
    return z * 10.0 ** rng.uniform(-6, 6, size=z.shape[-1]), np.arange(z.shape[-1])


def signs(rng, z):
    return z * rng.choice([-1.0, 1.0], size=z.shape[-1]), np.arange(z.shape[-1])


def permuted(rng, z):
    order = rng.permutation(z.shape[-1])
    return z[..., order], order


def rotated(rng, z):
    return np.linalg.qr(rng.normal(size=(z.shape[-2], z.shape[-2])))[0] @ z, np.arange(z.shape[-1])


@pytest.mark.parametrize("search", [small, ascent])
@pytest.mark.parametrize("change", [scaled, signs, permuted, rotated])
@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_invariant(dtype, change, search):
    """The bounds; the ascent's upper bound only where it found the nearest groups both times."""
    size = (UNITS, SAMPLES, CASES) if search is small else (WIDE, TALL, 10)
    layers, _ = batch(3, dtype, *size)
    changed, _ = change(np.random.default_rng(4), layers)
    before = calls.call(search, layers, KEY, dtype=dtype)
    after = calls.call(search, changed, KEY, dtype=dtype)
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(after.lower, before.lower, atol=tolerance)
    np.testing.assert_allclose(after.upper, before.upper, atol=tolerance, rtol=0 if search is small else 0.05)


@pytest.mark.parametrize(
    ("dtype", "m", "n"),
    [
        *((np.float32, m, n) for m, n in ((5, 0), (5, 1), (0, 2), (4, 2), (1, 2), (1, 1), (3, 5), (3, 12))),
        *((np.float64, m, n) for m, n in ((5, 0), (1, 1), (4, 2), (3, 5))),
    ],
)
def test_any_size(dtype, m, n):
    z = np.random.default_rng(5).normal(size=(m, n))
    found = calls.call(independence, z, KEY, dtype=dtype)
    assert found.group.shape == (n,)
    assert found.lower.shape == found.upper.shape == ()
    if n < 2 or m == 0:
        assert found.lower == found.upper == pytest.approx(np.pi / 2)
        assert found.factor == pytest.approx(3.0)
        assert not found.group.any()
    elif m < n:
        assert found.lower == found.upper == 0
        assert np.isinf(found.factor)
    else:
        cosine = abs(z[:, 0] @ z[:, 1]) / np.linalg.norm(z, axis=0).prod()
        assert found.lower == pytest.approx(np.arccos(cosine), abs=1e-4)
        assert found.upper == pytest.approx(np.arccos(cosine), abs=1e-4)


@pytest.mark.parametrize("dtype", calls.LOGIC_DTYPES)
def test_fewer_than_two_live_units(dtype):
    z = np.zeros((CASES, SAMPLES, UNITS))
    z[1:, :, 2] = np.random.default_rng(6).normal(size=(CASES - 1, SAMPLES))
    found = calls.call(small, z, KEY, dtype=dtype)
    np.testing.assert_allclose(found.lower, np.pi / 2)
    np.testing.assert_allclose(found.factor, 3.0)
    assert not found.group.any()


def test_orthogonal_units_are_at_a_right_angle_to_all_digits():
    layers = np.array([np.eye(SAMPLES, UNITS)] * CASES)
    found = calls.call(small, layers, KEY, dtype=np.float32)
    np.testing.assert_allclose(found.upper, np.pi / 2, atol=1e-6)
    np.testing.assert_allclose(found.lower, np.pi / 2, atol=1e-4)
    np.testing.assert_allclose(found.factor, 3.0, atol=1e-6)
    wide = calls.call(independence, np.eye(40, 24), KEY, dtype=np.float32)
    np.testing.assert_allclose([wide.lower, wide.upper], np.pi / 2, atol=1e-4)


def test_compressed_activations_give_the_same():
    layers, _ = batch(7, np.float64)
    small_rows = np.array([calls.pad(np.linalg.qr(z)[1], SAMPLES, UNITS) for z in layers])
    raw = calls.call(small, layers, KEY, dtype=np.float64)
    compressed = calls.call(small, small_rows, KEY, dtype=np.float64)
    np.testing.assert_allclose(compressed.upper, raw.upper, atol=1e-9)


def test_any_key_gives_bounds():
    rng = np.random.default_rng(8)
    layers = np.array([layer(rng, WIDE, TALL, "random", 1e3) for _ in range(10)])
    expected = np.array([theta(z) for z in layers])
    for seed in (1, 2):
        found = calls.call(ascent, layers, np.uint32(seed), dtype=np.float64)
        assert (found.lower <= expected).all()
        assert (found.upper >= expected - 1e-12).all()


def test_faults_are_named():
    key = jax.random.key(0)
    with pytest.raises(ValueError, match=r"\(7,\)"):
        decomposition.independence(jnp.ones(7), key)
    with pytest.raises(TypeError, match="complex64"):
        decomposition.independence(jnp.ones((7, 2), jnp.complex64), key)
    for n in (2, 12):  # more units than can be tried all are where starts are used
        with pytest.raises(TypeError, match=r"starts"):
            decomposition.independence(jnp.ones((7, n)), key, starts=32.0)
    with pytest.raises(ValueError, match=r"starts.*0"):
        decomposition.independence(jnp.ones((7, 2)), key, starts=0)
