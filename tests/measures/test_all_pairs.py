"""Many pairs at once: what each measure's own function gives."""

import jax
import numpy as np
import pytest

from jaxrepsim.compression import summarise
from jaxrepsim.compression.compressed import Compressed
from jaxrepsim.errors import InputError
from jaxrepsim.measures import LINEAR, MEASURES, OF_ROWS, of_all_pairs, of_rows
from tests.compilations import traces
from tests.measures.pairs import SAMPLES, degenerate, planted

PAIRS = [(0, 1), (1, 0), (0, 0), *((a, 1) for a in range(2, 8)), (0, 6), (7, 7)]


def raw(dtype=np.float64):
    """Planted, degenerate, and one twice: of distance 0 from itself."""
    x, y = planted(3, 6, 9)
    odd = degenerate()
    every = (x, y, odd["dead"][0], odd["duplicate"][0], odd["constant"][0], odd["one unit"][0], 3 * x + 1, 0 * x)
    return [np.asarray(each, dtype) for each in every]


def networks(dtype=np.float64):
    return summarise(*raw(dtype))


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.long)])
def test_each_is_what_its_own_function_gives(dtype):
    with jax.enable_x64(dtype == np.float64):
        small = networks(dtype)
        found = of_all_pairs(small, PAIRS)
        assert tuple(found) == LINEAR
        for name, values in found.items():
            assert values.shape == (len(PAIRS),)
            assert values.dtype == dtype
            wanted = [MEASURES[name].function(small[a], small[b]) for a, b in PAIRS]
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


@pytest.mark.parametrize("dtype", [np.float64, pytest.param(np.float32, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", OF_ROWS)
def test_each_of_raw_activations_is_what_its_own_function_gives(name, dtype):
    with jax.enable_x64(dtype == np.float64):
        every = raw(dtype)
        found = of_all_pairs(every, PAIRS, [name])[name]
        assert found.dtype == dtype
        wanted = [MEASURES[name].function(every[a], every[b]) for a, b in PAIRS]
        np.testing.assert_allclose(found, wanted, atol=1e-12 if dtype == np.float64 else 1e-5)
        assert (found[0] != found[1]) == (name == "ridge")


def test_measures_of_all_needs_of_raw_activations_and_one_at_a_time_where_memory_is_short(monkeypatch):
    names = ["mutual_knn", "procrustes", "rbf_cka"]
    every = raw(np.float32)[:4]
    found = of_all_pairs(every, names=names)
    assert list(found) == names
    np.testing.assert_allclose(found["procrustes"], of_all_pairs(summarise(*every), names=["procrustes"])["procrustes"])
    monkeypatch.setattr("jaxrepsim.measures.of_rows.HELD", 1)
    again = of_all_pairs(every, names=names)
    for name in names:
        np.testing.assert_array_equal(found[name], again[name])


def test_a_pair_more_computes_no_network_more(monkeypatch):
    described, measure = [], of_rows._MEASURES["mutual_knn"]

    class Counted:
        eval_shape = measure.described.eval_shape

        def __call__(self, network, *options):
            described.append(network.units)
            return measure.described(network, *options)

    monkeypatch.setitem(of_rows._MEASURES, "mutual_knn", measure._replace(described=Counted()))
    of_all_pairs(raw(np.float32)[:3], [(0, 1), (1, 0), (0, 2), (2, 1), (0, 0)], ["mutual_knn"])
    assert sorted(described) == [6, 6, 9]


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


def test_of_raw_activations_other_widths_and_numbers_compile_nothing():
    def call(seed, n_x, n_y):
        return of_all_pairs(planted(seed, n_x, n_y, SAMPLES - seed), [(0, 1), (1, 0)], OF_ROWS)

    jax.block_until_ready(call(0, 6, 9))
    with traces() as seen:
        jax.block_until_ready(call(1, 5, 16))
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
    with pytest.raises(InputError, match="unknown measure of all pairs 'match_auc'"):
        of_all_pairs(small, names=["match_auc"])
    with pytest.raises(InputError, match="a compression has lost them"):
        of_all_pairs(small, names=["rsa"])
    with pytest.raises(InputError, match="one network is compressed and the other is not"):
        of_all_pairs([planted(3)[0], small[0]], names=["cca"])
    with pytest.raises(InputError, match="less than the 8 samples"):
        of_all_pairs(planted(3, samples=8), names=["mutual_knn"])
    with pytest.raises(InputError, match=r"a pair is two places among the 2 networks, received \(0, 2\)"):
        of_all_pairs(small, [(0, 2)])
    with pytest.raises(InputError, match="concrete networks"):
        jax.jit(of_all_pairs)(small)
    with pytest.raises(InputError, match="not compressed together"):
        of_all_pairs([small[0], summarise(planted(3, 30, 9)[0])[0]])
