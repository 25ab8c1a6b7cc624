"""Many pairs at once: what each measure's own function gives."""

import jax
import numpy as np
import pytest

from jaxrepsim.compression import summarise
from jaxrepsim.compression.compressed import Compressed
from jaxrepsim.errors import InputError
from jaxrepsim.measures import LINEAR, MEASURES, of_all_pairs
from tests.compilations import traces
from tests.measures.pairs import degenerate, planted


def networks(dtype=np.float64):
    """Planted, degenerate, and one twice: of distance 0 from itself."""
    x, y = planted(3, 6, 9)
    odd = degenerate()
    every = (x, y, odd["dead"][0], odd["duplicate"][0], odd["constant"][0], odd["one unit"][0], 3 * x + 1, 0 * x)
    return summarise(*(np.asarray(each, dtype) for each in every))


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.long)])
def test_each_is_what_its_own_function_gives(dtype):
    with jax.enable_x64(dtype == np.float64):
        small = networks(dtype)
        pairs = [(0, 1), (1, 0), (0, 0), *((a, 1) for a in range(2, 8)), (0, 6), (7, 7)]
        found = of_all_pairs(small, pairs)
        assert tuple(found) == LINEAR
        for name, values in found.items():
            assert values.shape == (len(pairs),)
            assert values.dtype == dtype
            wanted = [MEASURES[name].function(small[a], small[b]) for a, b in pairs]
            np.testing.assert_allclose(values, wanted, atol=1e-9 if dtype == np.float64 else 5e-3, err_msg=name)


@pytest.mark.parametrize("names", [("linear_cka", "debiased_cka"), LINEAR])
def test_of_activations_as_of_what_they_are_compressed_to(names):
    with jax.enable_x64(True):
        x, y = planted(3, 6, 9)
        given = [x, y.astype(int), 3 * x + 1]
        wanted = of_all_pairs(summarise(*given), names=names)
        for name, values in of_all_pairs(given, names=names).items():
            np.testing.assert_allclose(values, wanted[name], atol=1e-10)
        with pytest.raises(InputError, match="one network is compressed and the other is not"):
            of_all_pairs([summarise(x)[0], y], names=["cca"])


@pytest.mark.parametrize("spread", [1, 1e3, 1e7])
def test_of_networks_of_any_condition(spread):
    """By eigenvectors where they are exact enough, and else by singular vectors, with bases of one kind or of two."""
    with jax.enable_x64(True):
        rng = np.random.default_rng(0)
        shared = rng.normal(size=(60, 3))
        x, y = (np.concatenate([shared + 0.3 * rng.normal(size=(60, 3)), rng.normal(size=(60, 3))], 1) for _ in "xy")
        weak = x * np.geomspace(1, 1 / spread, 6)
        turned = weak @ np.linalg.qr(rng.normal(size=(6, 6)))[0]
        small = summarise(y, weak, turned, np.pad(turned, ((0, 0), (2, 0))))
        pairs = [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (0, 3)]
        for name, values in of_all_pairs(small, pairs).items():
            wanted = [float(MEASURES[name].function(small[a], small[b])) for a, b in pairs]
            np.testing.assert_allclose(values, wanted, atol=1e-9, err_msg=name)


def test_of_more_rows_than_are_worth_keeping(monkeypatch):
    """Rows that are zero are left out."""
    monkeypatch.setattr("jaxrepsim.measures.alignments.MANY_ROWS", 16)
    with jax.enable_x64(True):
        small = networks()
        found = of_all_pairs(small, names=["debiased_cka", "linear_cka"])
        assert list(found) == ["debiased_cka", "linear_cka"]
        for name, values in found.items():
            wanted = [MEASURES[name].function(small[a], small[b]) for a in range(8) for b in range(a + 1, 8)]
            np.testing.assert_allclose(values, wanted, atol=1e-12)


def test_a_second_call_and_one_of_the_same_bucket_compile_nothing():
    def call(seed, n_x, n_y):
        return of_all_pairs(summarise(*planted(seed, n_x, n_y), planted(seed)[0]), [(0, 1), (0, 2)])

    jax.block_until_ready(call(0, 6, 9))
    with traces() as seen:
        jax.block_until_ready(call(1, 6, 9))
        jax.block_until_ready(call(1, 5, 8))
    assert not seen


def test_without_squares_and_without_pairs():
    x, y = summarise(*planted(3, 6, 9))
    bare = [Compressed(each.rows, each.samples) for each in (x, y)]
    [found] = of_all_pairs(bare, names=["linear_cka"])["linear_cka"]
    assert float(found) == pytest.approx(float(MEASURES["linear_cka"].function(x, y)), abs=1e-5)
    with pytest.raises(InputError, match="squared lengths"):
        of_all_pairs(bare, names=["debiased_cka"])
    assert of_all_pairs([x], names=["cca"])["cca"].shape == (0,)


def test_what_cannot_be_used():
    small = summarise(*planted(3, 6, 9))
    with pytest.raises(InputError, match="unknown measure of all pairs 'rsa'"):
        of_all_pairs(small, names=["rsa"])
    with pytest.raises(InputError, match=r"a pair is two places among the 2 networks, received \(0, 2\)"):
        of_all_pairs(small, [(0, 2)])
    with pytest.raises(InputError, match="concrete networks"):
        jax.jit(of_all_pairs)(small)
    with pytest.raises(InputError, match="not compressed together"):
        of_all_pairs([small[0], summarise(planted(3, 30, 9)[0])[0]])
