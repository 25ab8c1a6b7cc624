"""What a notebook does: plain calls, again and again, on arrays of one's own."""

import warnings
from collections import Counter
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxrepsim
from jaxrepsim import decomposition
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.measures import MEASURES
from jaxrepsim.numerics.buckets import units_bucket
from tests.compilations import traces
from tests.matching import calls
from tests.programs import resources
from tests.wrapped import under_checks, under_shard_map

CALLS = calls.FUNCTIONS | {
    "minimal_matches, keyed": lambda x, y: jaxrepsim.minimal_matches(x, y, 0.3, [0, 2], jax.random.key(0)),
    "decompose": lambda x, y: jaxrepsim.decompose(x, y, 0.3),
    "necessary_units": lambda x, y: jaxrepsim.necessary_units(x, y, 0.3),
    "certificates": lambda x, y: jaxrepsim.certificates(x, y, 0.3),
    "simple_matches": lambda x, y: list(jaxrepsim.simple_matches(x, y, 0.3, limit=3)),
    "minimal_matches_of": lambda x, y: list(jaxrepsim.minimal_matches_of(x, y, 0.3, 0)),
    "smallest_match": lambda x, y: jaxrepsim.smallest_match(x, y, 0.3, 0, rounds=2),
    "is_stable": lambda x, y: decomposition.is_stable(x, y, 0.05, 4.0),
    "independence": lambda x, y: decomposition.independence(y, jax.random.key(0), starts=2),
}
UNDER_JIT = {name: call for name, call in CALLS.items() if name not in tuple(CALLS)[-5:]}
JITTED = {name: jax.jit(call) for name, call in UNDER_JIT.items()}
SOME = ("residuals", "match_profile", "minimal_match")
"""Each with a loop of its own, which the others are made of."""


def each(names, *more):
    """The others are long: each is a compilation of seconds."""
    return [name if name in (*SOME, *more) else pytest.param(name, marks=pytest.mark.long) for name in names]


def pair(samples, n_x, n_y, seed=0):
    rng = np.random.default_rng(seed)
    signals = rng.normal(size=(samples, 3))
    sides = [np.maximum(signals @ rng.normal(size=(3, n)) + 0.3 * rng.normal(size=(samples, n)), 0) for n in (n_x, n_y)]
    return [side.astype(np.float32) for side in sides]


def some_measures(always=("linear_cka", "debiased_cka", "soft_matching", "ridge")):
    """Those whose calls differ: of inner products, of fourth-order sums, with a part on the host, of raw rows."""
    return [name if name in always else pytest.param(name, marks=pytest.mark.long) for name in MEASURES]


@pytest.mark.parametrize("name", [*CALLS, *some_measures()])
def test_a_second_call_compiles_nothing_nor_does_another_shape_of_the_bucket(name):
    call = CALLS[name] if name in CALLS else MEASURES[name].function
    call(*pair(120, 6, 7))
    with traces() as seen:
        call(*pair(120, 6, 7, seed=1))
        call(*pair(126, 9, 8))
    assert not seen


@pytest.mark.parametrize("name", ["linear_cka", "debiased_cka"])
def test_measures_of_compressions_compile_once_a_bucket(name):
    def call(pair):
        return MEASURES[name].function(*jaxrepsim.compression.summarise(*pair))

    call(pair(120, 6, 7))
    with traces() as seen:
        call(pair(120, 6, 7, seed=1))
        call(pair(126, 9, 8))
    assert not seen


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", each(UNDER_JIT, "certificates", "joint_match", "decompose"))
def test_equals_the_call_under_jit(name, dtype):
    """Which is not padded, and decides by itself how to factor."""
    x, y = pair(60, 6, 7)
    plain = calls.call(CALLS[name], x, y, dtype=dtype)
    compiled = calls.call(JITTED[name], x, y, dtype=dtype)

    def compare(a, b):
        assert a.dtype == b.dtype
        if a.dtype == bool:
            np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_allclose(a, b, atol=1e-9 if dtype == np.float64 else 2e-3)

    if name == "compress":  # the sign of a row is free
        plain, compiled = ([a.T @ b for a in sides for b in sides] for sides in (plain, compiled))
    jax.tree.map(compare, plain, compiled)


def test_all_widths_up_to_512_share_five_sizes():
    assert len({units_bucket(units) for units in range(513)}) == 5
    assert all(units <= units_bucket(units) for units in range(2000))


@pytest.mark.long
def test_above_the_largest_size():
    """2,100 units, where the steps of raw activations are wider than those of the large programs."""
    with jax.enable_x64(True):
        x = np.eye(2110)[:, :2100]
        ready = prepared((jnp.asarray(x), jnp.asarray(x[:, :3])))
    assert ready.n == 2304
    assert [side.shape for side in ready.rows(ready.basis.active)] == [(2100,), (3,)]


@pytest.mark.long
@pytest.mark.parametrize("name", ["match_profile", "minimal_match", "minimal_matches", "necessary_units"])
def test_twelve_layers_of_twelve_widths_compile_a_large_program_five_times_at_most(name):
    jax.clear_caches()
    with traces() as seen:
        for width in (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512):
            CALLS[name](*pair(10 * width, width, width))
    programs = Counter(details["fun_name"] for event, details in seen if "backend_compile" in event)
    raw = ("jit(_products)", "jit(_triangular)")  # small ones, which see raw activations
    large = {program: times for program, times in programs.items() if program not in raw}
    assert max(large.values()) <= 5, programs


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs Linux")
def test_many_calls_leave_memory_as_it_was():
    x, y = pair(120, 6, 7)
    cheap = [name for name in CALLS if name not in ("simple_matches", "smallest_match", "minimal_matches_of")]
    for name in cheap:
        CALLS[name](x, y)
        CALLS[name](x, y)
    maps, memory = resources()
    for turn in range(200):
        CALLS[cheap[turn % len(cheap)]](x, y)
    maps_after, memory_after = resources()
    assert maps_after < maps + 200  # a program has four; a leak had 600 a call
    assert memory_after < memory + 50


@pytest.mark.long
@pytest.mark.parametrize("name", [*CALLS, *MEASURES])
def test_a_thousand_calls_of_each_function(name):
    call = CALLS[name] if name in CALLS else MEASURES[name].function
    x, y = pair(120, 6, 7)
    call(x, y)
    call(x, y)
    maps, memory = resources()
    for _ in range(1000):
        call(x, y)
    maps_after, memory_after = resources()
    assert maps_after < maps + 200
    assert memory_after < memory + 50


# Too few samples


def test_few_samples_are_told_once_a_call_site():
    x, y = np.random.default_rng(0).normal(size=(2, 10, 14)).astype(np.float32)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for _ in range(3):
            jaxrepsim.match_profile(x, y)
    assert [warning.category for warning in seen] == [jaxrepsim.FewSamplesWarning]
    assert "10 samples for 14 units" in str(seen[0].message)
    assert seen[0].filename == __file__


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ("compress", "is_stable", "independence")])
def test_every_function_tells_of_few_samples(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error", jaxrepsim.FewSamplesWarning)
        with pytest.raises(jaxrepsim.FewSamplesWarning):
            CALLS[name](*pair(40, 6, 7))
        CALLS[name](*pair(120, 6, 7))


def test_compressed_activations_have_few_rows_by_design():
    x, y, z = (*pair(300, 6, 7), pair(300, 5, 5, seed=1)[0])
    state = jaxrepsim.compression.update(jaxrepsim.compression.init((6, 7, 5)), x, y, z)
    with warnings.catch_warnings():
        warnings.simplefilter("error", jaxrepsim.FewSamplesWarning)
        for small in (jaxrepsim.compress(x, y, z), jaxrepsim.compression.finalize(state)):
            for a in range(3):
                jaxrepsim.match_profile(small[a], small[(a + 1) % 3])
        with pytest.raises(jaxrepsim.FewSamplesWarning):
            jaxrepsim.match_profile(*jaxrepsim.compress(x[:10], y[:10]))


# Not a number


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", CALLS)
def test_what_is_not_finite_is_refused_by_network_unit_and_sample(name, bad):
    x, y = pair(120, 6, 7)
    y[17, 3] = bad
    for given in (y, jnp.asarray(y)):
        with pytest.raises(ValueError, match=r"unit 3( of the second network)? is (nan|inf) at sample 17"):
            CALLS[name](x, given)


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.long)])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(
    "name", each([name for name in UNDER_JIT if name != "compress"], "certificates", "joint_match", "decompose")
)
def test_traced_values_that_are_not_finite_end_all_loops_and_match_nothing(name, side, dtype):
    sides = pair(60, 6, 7)
    sides[side][17, 3] = np.nan
    found = calls.call(JITTED[name], *sides, dtype=dtype)
    if name in ("maximum_match", "minimal_match", "minimal_matches", "minimal_matches, keyed", "joint_match"):
        assert not any(np.any(units) for units in (found.networks if name == "joint_match" else found[:2]))
        assert np.isnan(found.similarity).all()
    elif name == "residuals":
        assert np.isnan(found[3 if side == 0 else slice(None)]).all()
        if side == 0:
            assert np.isfinite(np.delete(found, 3)).all()
    elif name == "match_profile":
        assert np.isnan(calls.joint(found)).all()
        profile = jaxrepsim.MatchProfile(*map(jnp.asarray, found))
        assert np.isnan(profile.similarity(0.3))
        assert np.isnan(profile.auc())
    elif name in ("match_profiles", "joint_profile"):
        assert np.isnan(np.concatenate([side.ravel() for side in jax.tree.leaves(found)])).any()
    else:
        masks = {
            "necessary_units": lambda: found,
            "certificates": lambda: found.first.x,
            "decompose": lambda: found.chosen,
        }
        assert not masks[name]().any()


# Under what users wrap around it


@pytest.mark.parametrize("name", each(UNDER_JIT))
def test_under_shard_map_with_its_default_checks(name):
    x, y = pair(60, 6, 7)
    found = under_shard_map(CALLS[name], x, y)
    if name != "compress":
        for a, b in zip(found, jax.tree.leaves(CALLS[name](x, y)), strict=True):
            np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), atol=2e-3)


@pytest.mark.parametrize("name", each(UNDER_JIT))
def test_under_checkify_and_debug_nans(name):
    x, y = pair(60, 6, 7)
    x[:, 1] = x[:, 0]  # dependent units, and a dead one
    y[:, 2] = 0
    under_checks(CALLS[name], x, y)


def test_in_a_scan_and_under_an_eager_vmap_that_compiles_once():
    x, y = (np.stack([side, side[::-1]]) for side in pair(60, 6, 7))
    profiles = jax.jit(lambda x, y: jax.lax.scan(lambda _, xy: (None, jaxrepsim.match_profile(*xy)), None, (x, y))[1])
    expected = [jaxrepsim.match_profile(a, b) for a, b in zip(x, y, strict=True)]
    for found in (profiles(x, y), jax.vmap(jaxrepsim.match_profile)(x, y)):
        np.testing.assert_allclose(found.x, np.stack([profile.x for profile in expected]), atol=2e-3)
    with traces() as seen:
        jax.vmap(jaxrepsim.match_profile)(x + 1, y)
    assert not [event for event in seen if "compile_duration" in event[0]]


@pytest.mark.parametrize(
    "name", each([name for name in UNDER_JIT if name not in ("residuals", "compress")], "joint_match")
)
def test_what_has_no_gradient_names_what_has_one(name):
    x, y = map(jnp.asarray, pair(60, 6, 7))

    def total(x):
        return sum(jnp.sum(jnp.asarray(leaf, jnp.float32)) for leaf in jax.tree.leaves(CALLS[name](x, y)))

    with pytest.raises(TypeError, match=r"jaxrepsim\.residuals"):
        jax.grad(total)(x)
    # What is held fixed is no part of the derivative.
    assert not jax.grad(lambda x: total(jax.lax.stop_gradient(x)) + jnp.sum(0 * x))(x).any()


# ε by the array, and ties


def test_profiles_are_read_at_several_epsilons():
    profile = jaxrepsim.match_profile(*pair(120, 6, 7))
    joint = jaxrepsim.joint_profile([*pair(120, 6, 7), pair(120, 5, 5)[0]])
    epsilons = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    for read in (profile, joint):
        similarity = read.similarity(epsilons)
        assert similarity.shape == (2, 3)
        for at in np.ndindex(2, 3):
            assert float(similarity[at]) == float(read.similarity(epsilons[at]))
    assert profile.match(epsilons).x.shape == (2, 3, 6)
    batch = jaxrepsim.MatchProfile(np.stack([profile.x] * 4), np.stack([profile.y] * 4))
    assert batch.similarity(epsilons).shape == (4, 2, 3)
    np.testing.assert_array_equal(batch.match(epsilons).y[2], profile.match(epsilons).y)
    assert profile.similarity([0.1, 0.5]).shape == (2,)


@pytest.mark.parametrize("dtype", calls.DTYPES)
def test_a_residual_that_equals_epsilon_is_matched_whatever_rounding_does(dtype):
    """Activations of 0 and 1: residuals √½ and ½ again and again."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        x, y = (rng.integers(0, 2, size=(8, n)) for n in (4, 3))
        for epsilon in (np.sqrt(0.5), 0.5):
            profile = calls.call(jaxrepsim.match_profile, x.astype(float), y.astype(float), dtype=dtype)
            maximum = calls.call(jaxrepsim.maximum_match, x.astype(float), y.astype(float), epsilon, dtype=dtype)
            minimal = calls.call(jaxrepsim.minimal_matches, x.astype(float), y.astype(float), epsilon, dtype=dtype)
            critical = calls.joint(profile).astype(np.float64)
            near = critical**2 <= epsilon**2 + 2 * calls.RESOLUTION[dtype] ** 2
            np.testing.assert_array_equal(calls.joint(maximum), near)
            np.testing.assert_array_equal(calls.joint(minimal).any(axis=0), near)
