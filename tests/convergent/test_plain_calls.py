"""What is called plainly: compiled once, also for other shapes of the same bucket, and the same as under jit."""

from functools import partial

import jax
import numpy as np
import pytest

from jaxrepsim import convergent
from jaxrepsim.convergent import joint_counts, moments, row_sample
from tests.compilations import traces
from tests.wrapped import under_checks, under_shard_map

KEY = jax.random.key(0)
CYCLE = [[1, 0, 2, 3, 4, 5, 6, 8, 7], [2, 0, 1, 3, 4, 5, 6, 7, 8]]


def of_moments(x, y):
    state = moments.of(x, y)
    parts = state.scale, state.products, state.std, state.constant, state.correlation
    return state, parts, state.within(0), state.between(0, 1), state.networks(1, 0)


def of_counts(x, y):
    bins = [convergent.bin_index(part, convergent.bin_edges(part, 4)) for part in (x, y)]
    state = joint_counts.update(joint_counts.init((x.shape[1], y.shape[1]), 4), *bins)
    return bins, joint_counts.merge(state, state), state.plug_in, state.mutual_information


def of_partners(x, y):
    similarity = convergent.correlation(x, y)
    found = convergent.one_to_one(similarity)
    order = convergent.column_order(found.partner, y.shape[1])
    means = found.mean_matched, found.mean_best, found.mean_agreeing, found.agreement, found.agree, found.mutual
    return found, order, means, found.curve_matched, found.curve_best, convergent.permuted(similarity, found.partner)


def of_similarity(x, y):
    similarity = convergent.correlation(x, y)
    n, m = similarity.shape
    both = convergent.bipartite_match(similarity), convergent.semi_match(similarity)
    return both, convergent.agreement(*both), convergent.rank_correlation(similarity, x[:n, :m])


def of_prediction(x, y):
    first, second = moments.of(x, y), moments.of(x + 1, y)
    found = convergent.sparse_prediction_of(first, np.array([0.0, 0.1]))
    again = convergent.sparse_prediction(x, y, np.array([0.0, 0.1]))
    return found.r2, again.r2, found.predictors(0.1), convergent.held_out_r2(found.coefficients, first, second)


def of_clusters(x, y):
    graph = convergent.joint_graph(moments.of(x, y))
    labels = convergent.spectral_clusters(graph, 3, KEY)
    mixed = convergent.mixing(labels, labels, 3)
    shares = mixed.balance, mixed.share_of_clusters, mixed.share_of_units, mixed.chance_share_of_units
    points = convergent.k_means(x[:20], 3, KEY)
    return labels, convergent.laplacian_spectrum(graph), mixed, shares, points.inertia


FUNCTIONS = {
    "correlation": convergent.correlation,
    "mutual_information": partial(convergent.mutual_information, bins=4),
    "bins": lambda x, y: convergent.bin_index(x, convergent.bin_edges(x, 4)),
    "partners": of_partners,
    "similarity": of_similarity,
    "moments": of_moments,
    "prediction": of_prediction,
    "clusters": of_clusters,
}
ON_THE_HOST = {
    "cycle": lambda x, y: convergent.cycle_consistent([np.array(part) for part in CYCLE]),
    "agglomerative": lambda x, y: convergent.agglomerative(np.abs(np.asarray(convergent.correlation(x, x))), 2).labels,
}


def pair(samples, n_x, n_y, seed=0):
    rng = np.random.default_rng(seed)
    x = np.maximum(rng.normal(size=(samples, n_x)), 0).astype(np.float32)
    y = x[:, :n_y] + 0.3 * rng.normal(size=(samples, n_y)).astype(np.float32)
    return x, y


@pytest.mark.parametrize("name", [*FUNCTIONS, *ON_THE_HOST])
def test_a_second_call_and_one_of_the_same_bucket_compile_nothing(name):
    call = (FUNCTIONS | ON_THE_HOST)[name]
    jax.block_until_ready(call(*pair(70, 12, 10)))
    x, y = pair(70, 12, 10, 1)
    with traces() as seen:
        jax.block_until_ready(call(x, y))
        jax.block_until_ready(call(*pair(77, 10, 9)))
    assert not seen


def each(names, *more):
    """Two of them by default: the others are compilations of seconds."""
    quick = ("partners", "moments", *more)
    return [name if name in quick else pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.mark.parametrize("name", each([*FUNCTIONS, "counts"], "clusters"))
def test_is_what_it_is_under_jit(name):
    """The padding changes nothing, random numbers by key included."""
    function = (FUNCTIONS | {"counts": of_counts})[name]
    x, y = pair(77, 10, 9, 2)
    plain, jitted = function(x, y), jax.jit(function)(x, y)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), plain, jitted)
    assert jax.tree.map(lambda a: a.dtype, plain) == jax.tree.map(lambda a: a.dtype, jitted)


def of_streams(state, x, y, used):
    first, counts, rows = state
    first = moments.update(first, x, y, where=used)
    bins = [np.minimum(np.abs(part), 3).astype(np.int32) for part in (x, y)]
    counts = joint_counts.update(counts, *bins, where=used)
    rows = row_sample.update(rows, KEY, x, y, where=used)
    assert rows.held <= 30
    rows.edges(4)
    return moments.merge(first, first), joint_counts.merge(counts, counts), row_sample.merge(rows, rows)


def test_batches_of_other_sizes_compile_nothing():
    state = moments.init((12, 10)), joint_counts.init((12, 10), 4), row_sample.init((12, 10), 30)
    state = of_streams(state, *pair(70, 12, 10), None)
    with traces() as seen:
        for samples in (70, 80, 65):
            state = of_streams(state, *pair(samples, 12, 10), np.arange(samples) % 3 > 0)
    assert not seen


@pytest.mark.parametrize("name", each(FUNCTIONS))
def test_under_shard_map_with_its_default_checks(name):
    x, y = pair(77, 10, 9)
    found = under_shard_map(FUNCTIONS[name], x, y)
    for a, b in zip(found, jax.tree.leaves(FUNCTIONS[name](x, y)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", each(FUNCTIONS))
def test_under_checkify_and_debug_nans(name):
    x, y = pair(77, 9, 9)  # where one has more units, some have no partner, and NaN says so
    x[:, 1] = x[:, 0]  # the same unit twice, and one that never varies
    y[:, 2] = 0
    under_checks(FUNCTIONS[name], x, y)
