"""Every layer of a network against every layer of another: linear CKA as it is mostly run, and match profiles.

They measure different things, so the row of the profiles states what they cost beside CKA, for information.
"""

from collections.abc import Iterator
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

import jaxrepsim
from benchmarks import threads
from benchmarks.baseline import Array
from benchmarks.context import Context
from benchmarks.planted import planted
from benchmarks.table import Check, Row, faster, no_slower
from benchmarks.timing import interleave
from jaxrepsim import compression, measures

WIDTHS = (64,) * 5 + (128,) * 4 + (256,) * 4 + (512,) * 4 + (10,)
"""Of ResNet-18: the first convolution, two of each of its eight blocks, the logits."""


NAMES = ("linear_cka", "debiased_cka")
TIMES_FASTER = 5.0
"""Than NumPy's feature products, after the shared pass."""
Sides = tuple[list[Array], list[Array]]


def by_kernels(xs: list[Array], ys: list[Array]) -> Array:
    """Linear and debiased CKA by the centred (samples, samples) kernels of all layers: (2, layers, layers)."""
    firsts, seconds = ([layer @ layer.T for layer in side] for side in _centred(xs, ys))
    aligned = np.array([[float(np.vdot(first, second)) for second in seconds] for first in firsts])
    own = [np.array([float(np.vdot(kernel, kernel)) for kernel in side]) for side in (firsts, seconds)]
    lengths = [np.stack([np.diagonal(kernel) for kernel in side]) for side in (firsts, seconds)]
    return _both(aligned, own, lengths)


def by_features(xs: list[Array], ys: list[Array]) -> Array:
    """The same by products of centred columns, those of a layer with itself once."""
    firsts, seconds = sides = _centred(xs, ys)
    aligned = np.array([[float(np.linalg.norm(first.T @ second)) ** 2 for second in seconds] for first in firsts])
    own = [np.array([float(np.linalg.norm(layer.T @ layer)) ** 2 for layer in side]) for side in sides]
    lengths = [np.stack([np.einsum("ij,ij->i", layer, layer) for layer in side]) for side in sides]
    return _both(aligned, own, lengths)


def _centred(xs: list[Array], ys: list[Array]) -> Sides:
    return [x - x.mean(axis=0) for x in xs], [y - y.mean(axis=0) for y in ys]


def _both(aligned: Array, own: list[Array], lengths: list[Array]) -> Array:
    """Of ‖XᵀY‖² of all pairs, ‖XᵀX‖² of all layers, and the squared lengths (layers, samples) of samples."""
    m = lengths[0].shape[1]

    def unbiased(aligned: Array, shared: Array, totals: Array) -> Array:
        return aligned - m / (m - 2) * shared + totals / ((m - 1) * (m - 2))

    totals = [side.sum(axis=1) for side in lengths]
    within = [unbiased(a, (k * k).sum(axis=1), t * t) for a, k, t in zip(own, lengths, totals, strict=True)]
    between = unbiased(aligned, lengths[0] @ lengths[1].T, np.outer(*totals))
    return np.stack([aligned / np.sqrt(np.outer(*own)), between / np.sqrt(np.outer(*within))])


def layers_of(context: Context, samples: int, share: int) -> Sides:
    """The first units of two planted networks as their layers, a share of the widths."""
    widths = [context.size(width // share, max(2, width // share // 64)) for width in WIDTHS]
    first, second = planted(5, samples, max(widths))
    return [np.ascontiguousarray(first[:, :n]) for n in widths], [np.ascontiguousarray(second[:, :n]) for n in widths]


def rows(context: Context) -> Iterator[Row]:
    """CKA either way, and the matrix of match profiles against each."""
    samples = context.size(2000, 100)
    context.say(f"every layer against every layer: {len(WIDTHS)} × {len(WIDTHS)}")
    xs, ys = layers_of(context, samples, 1)
    arrays = [jnp.asarray(layer) for layer in (*xs, *ys)]
    pairs = list(product(range(len(xs)), range(len(xs), len(arrays))))
    blas = threads.best_threads(lambda: xs[-2].T @ ys[-2])
    sides = interleave(
        {
            "profiles": lambda: jaxrepsim.match_profiles(arrays, pairs),
            "kernels": threads.limited(blas, partial(by_kernels, xs, ys)),
            "features": threads.limited(blas, partial(by_features, xs, ys)),
        },
        1,  # some ten thousand removals each: half a minute
        cold=("kernels", "features"),
    )
    kernels, features, profiles = (sides[name] for name in ("kernels", "features", "profiles"))
    apart = float(np.abs(kernels.result - features.result).max())
    same = Check(apart <= 1e-10, f"CKA either way up to {features.result.max():.2f}, {apart:.0e} apart")
    layers = f"{len(xs)} × {len(ys)} layers of the widths of ResNet-18, {samples:,} samples"
    blas_words = threads.in_words(blas)
    yield no_slower(
        f"linear and debiased CKA of {layers}, by feature products in NumPy",
        f"the same by {samples:,} × {samples:,} kernels in NumPy ({blas_words})",
        None,
        features.timing,
        kernels.timing,
        same,
    )
    check = _against_single(arrays, pairs, profiles.result)
    for name, side in (("kernels", kernels), ("feature products", features)):
        yield no_slower(
            f"`match_profiles` of {layers}: the maximum match at every ε, another measure",
            f"linear and debiased CKA by {name} in NumPy ({blas_words})",
            None,
            profiles.timing,
            side.timing,
            check,
        )
    yield from _after_the_pass(context)


def _after_the_pass(context: Context) -> Iterator[Row]:
    """Both by `of_all_pairs`, of a quarter of the widths; of all of them where it may take long."""
    for share in (4, 1) if context.long else (4,):
        samples = context.size(12_000, 100)
        xs, ys = layers_of(context, samples, share)
        context.say(f"linear and debiased CKA of {len(xs)} × {len(ys)} layers, at most {xs[-2].shape[1]} units")
        pairs = list(product(range(len(xs)), range(len(xs), 2 * len(xs))))
        small = compression.summarise(*xs, *ys)
        blas = threads.best_threads(lambda xs=xs, ys=ys: xs[-2].T @ ys[-2])
        sides = interleave(
            {
                "ours": lambda small=small, pairs=pairs: measures.of_all_pairs(small, pairs, NAMES),
                "whole": lambda xs=xs, ys=ys, pairs=pairs: measures.of_all_pairs([*xs, *ys], pairs, NAMES),
                "features": threads.limited(blas, partial(by_features, xs, ys)),
            },
            1 if share == 1 else min(context.repeats, 3),
            cold=("features",),
        )
        theirs = sides["features"].result.reshape(2, -1)
        apart = float(np.abs(np.stack([sides["ours"].result[name] for name in NAMES]) - theirs).max())
        check = Check(apart <= 1e-9, f"both up to {theirs.max():.2f}, {apart:.0e} apart")
        layers = f"{len(xs)} × {len(ys)} layers, 1/{share} of the widths of ResNet-18, {samples:,} samples"
        ways = (("ours", "after the shared pass", TIMES_FASTER), ("whole", "from activations in memory", None))
        for side, what, asked in ways:
            yield faster(
                f"linear and debiased CKA of {layers}, {what}",
                f"feature products in NumPy ({threads.in_words(blas)})",
                asked,
                sides[side].timing,
                sides["features"].timing,
                check,
            )


def _against_single(arrays: list[jax.Array], pairs: list[tuple[int, int]], found: tuple) -> Check:
    """A few pairs against a call for each."""
    places = np.linspace(0, len(pairs) - 1, 3).astype(int)
    error = 0.0
    for place in places:
        a, b = pairs[place]
        single = jaxrepsim.match_profile(arrays[a], arrays[b])
        for ours, theirs in zip(found[place], single, strict=True):
            error = max(error, float(np.abs(np.asarray(ours) ** 2 - np.asarray(theirs) ** 2).max()))
    return Check(error < 1e-9, f"squared critical ε of {len(places)} pairs agree with `match_profile` to {error:.0e}")
