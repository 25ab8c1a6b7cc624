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
from benchmarks.table import Check, Row, no_slower
from benchmarks.timing import interleave

WIDTHS = (64,) * 5 + (128,) * 4 + (256,) * 4 + (512,) * 4 + (10,)
"""Of ResNet-18: the first convolution, two of each of its eight blocks, the logits."""


def by_kernels(xs: list[Array], ys: list[Array]) -> Array:
    """By the centred (samples, samples) kernels of all layers: (layers, layers)."""

    def kernels(layers: list[Array]) -> list[Array]:
        found = []
        for layer in layers:
            kernel = layer @ layer.T
            kernel -= kernel.mean(axis=0)
            kernel -= kernel.mean(axis=1, keepdims=True)
            found.append(kernel / np.linalg.norm(kernel))
        return found

    firsts, seconds = kernels(xs), kernels(ys)
    return np.array([[float(np.vdot(first, second)) for second in seconds] for first in firsts])


def by_features(xs: list[Array], ys: list[Array]) -> Array:
    """By products of centred columns, |XᵀY|² / (|XᵀX| |YᵀY|): (layers, layers)."""
    firsts, seconds = ([layer - layer.mean(axis=0) for layer in layers] for layers in (xs, ys))
    own_x, own_y = (np.array([np.linalg.norm(a.T @ a) for a in layers]) for layers in (firsts, seconds))
    between = [[float(np.linalg.norm(first.T @ second)) ** 2 for second in seconds] for first in firsts]
    return np.asarray(np.array(between) / np.outer(own_x, own_y), float)


def rows(context: Context) -> Iterator[Row]:
    """CKA either way, and the matrix of match profiles against each."""
    samples = context.size(2000, 100)
    widths = [context.size(width, max(2, width // 64)) for width in WIDTHS]
    context.say(f"every layer against every layer: {len(widths)} × {len(widths)}")
    networks = planted(5, samples, max(widths))
    xs, ys = ([np.ascontiguousarray(network[:, :width]) for width in widths] for network in networks)
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
        f"linear CKA of {layers}, by feature products in NumPy",
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
            f"linear CKA by {name} in NumPy ({blas_words})",
            None,
            profiles.timing,
            side.timing,
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
