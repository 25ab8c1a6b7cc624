"""What every row of the table claims of its measure, and what it denies."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim import compression, measures
from jaxrepsim.errors import InputError
from jaxrepsim.measures import INVARIANCES, MEASURES
from tests.measures.pairs import CHANGES, degenerate, planted
from tests.wrapped import under_checks, under_shard_map

WRAPPED = ("linear_cka", "procrustes", "permutation")
"""Which users' transformations come around by default: each is a compilation of seconds."""
DEGENERATE = degenerate()


def each(names, always=WRAPPED):
    return [name if name in always else pytest.param(name, marks=pytest.mark.long) for name in names]


def value(name, x, y, dtype=np.float64):
    with jax.enable_x64(dtype == np.float64):
        found = MEASURES[name].function(np.asarray(x, dtype), np.asarray(y, dtype))
        assert found.shape == ()
        assert found.dtype == dtype
        return float(found)


def test_each_row_is_the_function_of_its_name_and_has_a_complete_docstring():
    for name, row in MEASURES.items():
        assert getattr(measures, name) is row.function
        assert row.function.__name__ == name
        text = inspect.getdoc(row.function)
        assert all(part in text for part in ("Args:", "Returns:", "Raises:", "Source", ">>>")), name
        assert ("It has no gradient." in text) != row.gradient, name
        assert row.invariances <= set(INVARIANCES)
        assert not row.metric or (row.symmetric and row.kind == "distance")
        assert "invertible" not in row.invariances or row.invariances == set(INVARIANCES)


@pytest.mark.parametrize("name", MEASURES)
def test_is_in_its_range_and_symmetric_or_not(name):
    row = MEASURES[name]
    least, most = row.range
    differences = []
    for x, y in (*DEGENERATE.values(), planted(4, 5, 9)):
        found, swapped = value(name, x, y), value(name, y, x)
        assert least - 1e-12 <= found <= most + 1e-12
        differences.append(abs(found - swapped))
    if row.symmetric:
        assert max(differences) < 1e-9
    else:
        assert max(differences) > 1e-2


@pytest.mark.parametrize("name", MEASURES)
def test_of_identical_networks(name):
    same = 1.0 if MEASURES[name].kind == "similarity" else 0.0
    for case in ("offset", "duplicate", "low rank"):
        x, _ = DEGENERATE[case]
        assert value(name, x, x) == pytest.approx(same, abs=1e-4 if name == "ridge" else 1e-9)
    x, y = planted(5)
    assert abs(value(name, x, y) - same) > 0.02  # which others are not


@pytest.mark.parametrize("name", MEASURES)
def test_of_networks_that_never_vary(name):
    """Zero for the matches, which do not centre."""
    x, y = planted(6)
    still = np.zeros_like(x) if name.startswith(("match", "joint")) else np.tile(x[:1], (len(x), 1))
    assert value(name, still, y) == pytest.approx(MEASURES[name].constant, abs=1e-12)
    assert value(name, y, still) == pytest.approx(MEASURES[name].constant, abs=1e-12)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", MEASURES)
def test_invariances_that_are_claimed_and_those_that_are_denied(name, change):
    rng = np.random.default_rng(7)
    x, y = planted(8, 6, 8)
    before, made = value(name, x, y), CHANGES[change]
    pairs = [(made(rng, x), made(rng, y)) for _ in range(3)]
    if change in MEASURES[name].invariances:
        for changed in (*pairs, (made(rng, x), y), (x, made(rng, y))):
            assert value(name, *changed) == pytest.approx(before, abs=1e-8)
    else:
        assert max(abs(value(name, *changed) - before) for changed in pairs) > 1e-3


@pytest.mark.parametrize("name", [name for name, row in MEASURES.items() if row.metric])
def test_the_triangle_inequality(name):
    for seed in range(6):
        rng = np.random.default_rng(seed)
        x, y = planted(seed, 5, 7)
        # Between two networks, where the inequality is nearly an equality, and anywhere.
        for z in (x + 0.5 * (y[:, :5] - x), rng.normal(size=(len(x), 6))):
            assert value(name, x, y) <= value(name, x, z) + value(name, z, y) + 1e-9


@pytest.mark.parametrize(
    "name", each([name for name, row in MEASURES.items() if "isotropic_scaling" in row.invariances])
)
def test_scales_cost_no_digits(name):
    x, y = planted(9)
    for dtype, bound in ((np.float64, 1e-9), (np.float32, 2e-3)):
        assert value(name, x * 1e12, y * 1e-12, dtype) == pytest.approx(value(name, x, y), abs=bound)


@pytest.mark.parametrize("name", each(MEASURES))
def test_float32_is_near_float64(name):
    # Rounded to float32 a rank is full, as float64 sees.
    cases = [pair for case, pair in DEGENERATE.items() if case != "low rank"]
    for x, y in (*cases, planted(10)):
        x, y = x.astype(np.float32), y.astype(np.float32)
        assert value(name, x, y, np.float32) == pytest.approx(value(name, x, y), abs=5e-3)


def streamed(x, y, dtype, squares=True):
    state = compression.init((x.shape[1], y.shape[1]), dtype, squares=squares)
    for part in np.array_split(np.arange(len(x)), 3):
        state = compression.update(state, x[part], y[part])
    return compression.summary(state)


@pytest.mark.parametrize("name", [name for name, row in MEASURES.items() if row.needs != "rows"])
def test_compressed_and_streamed_is_as_in_memory(name):
    row = MEASURES[name]
    for case in ("offset", "dead", "constant", "duplicate"):
        x, y = (side.astype(np.float32) for side in DEGENERATE[case])
        with jax.enable_x64(True):
            expected = float(row.function(np.float64(x), np.float64(y)))
            found = [compression.summarise(np.float64(x), np.float64(y)), streamed(x, y, jnp.float64)]
            if case == "duplicate":
                with pytest.warns(jaxrepsim.IllConditionedWarning, match="too nearly dependent"):
                    found.append(streamed(x, y, jnp.float32))
            else:
                found.append(streamed(x, y, jnp.float32))
            for pair in found:
                assert float(row.function(*pair)) == pytest.approx(expected, abs=1e-10)
    if row.needs == "squares":
        with pytest.raises(InputError, match="squared lengths"):
            row.function(*streamed(x, y, jnp.float32, squares=False))
    with pytest.raises(InputError, match="compressed"):
        row.function(compression.summarise(x, y)[0], y)
    if not name.startswith(("match", "joint")):
        with pytest.raises(InputError, match="not compressed together"):
            row.function(compression.summarise(x, y)[0], compression.summarise(x)[0])


@pytest.mark.parametrize("name", [name for name, row in MEASURES.items() if row.needs == "rows"])
def test_what_needs_samples_says_so(name):
    with pytest.raises(InputError, match="a compression has lost them"):
        MEASURES[name].function(*compression.summarise(*planted(0)))


@pytest.mark.parametrize("name", MEASURES)
def test_what_is_not_finite_or_does_not_fit_is_refused_and_few_samples_warn(name):
    x, y = (side.astype(np.float32) for side in planted(11))
    y[17, 3] = np.nan
    with pytest.raises(ValueError, match="unit 3 of the second network is nan at sample 17"):
        MEASURES[name].function(x, y)
    with pytest.raises(ValueError, match="different numbers of samples"):
        MEASURES[name].function(x, x[:-1])
    with pytest.warns(jaxrepsim.FewSamplesWarning, match="50 samples for 6 units"):
        MEASURES[name].function(x[:50], x[:50])


@pytest.mark.parametrize("name", each(MEASURES))
def test_under_jit_and_vmap_and_nan_that_is_traced(name):
    pairs = [planted(seed) for seed in (12, 13)]
    x, y = (np.stack([pair[side] for pair in pairs]).astype(np.float32) for side in (0, 1))
    batch = jax.jit(jax.vmap(MEASURES[name].function))
    np.testing.assert_allclose(
        batch(x, y), [MEASURES[name].function(*pair) for pair in zip(x, y, strict=True)], atol=1e-4
    )
    x[1, 5, 2] = np.nan
    assert np.isnan(batch(x, y)).tolist() == [False, True]


@pytest.mark.parametrize("name", each(MEASURES))
def test_under_shard_map_checkify_and_debug_nans(name):
    x, y = (side.astype(np.float32) for side in DEGENERATE["duplicate"])
    y[:, 2] = 0
    (found,) = under_shard_map(MEASURES[name].function, x, y)
    assert float(found) == pytest.approx(float(MEASURES[name].function(x, y)), abs=1e-4)
    under_checks(MEASURES[name].function, x, y)


@pytest.mark.parametrize("name", each(MEASURES, ("linear_cka", "procrustes", "cca")))
def test_gradients_are_those_of_differences_or_refused_in_words(name):
    row = MEASURES[name]
    x, y = planted(14)
    if not row.gradient:
        with pytest.raises(TypeError, match="no gradient"):
            jax.grad(lambda x: row.function(x, jnp.asarray(y)))(jnp.asarray(x))
        return
    with jax.enable_x64(True):
        step = 1e-6 * np.random.default_rng(0).normal(size=x.shape)
        gradient = jax.grad(row.function)(jnp.asarray(x), jnp.asarray(y))
        wanted = float(row.function(x + step, y) - row.function(x - step, y)) / 2
        assert float(jnp.sum(gradient * step)) == pytest.approx(wanted, rel=1e-4, abs=1e-13)
        for changed in (np.ones_like(x), y):  # nothing varies, and no distance at all
            assert np.isfinite(jax.grad(row.function)(jnp.asarray(changed), jnp.asarray(y))).all()


def test_integers_half_precision_and_lists_are_taken():
    x, y = (np.round(4 * side) for side in planted(15))
    wanted = value("linear_cka", x, y, np.float32)
    for given in (x.astype(int), x.tolist(), jnp.asarray(x, jnp.bfloat16)):
        assert float(measures.linear_cka(given, y)) == pytest.approx(wanted, abs=1e-6)
