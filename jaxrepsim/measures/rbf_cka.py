"""Centred kernel alignment with a Gaussian kernel."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.errors import InputError
from jaxrepsim.measures.networks import Raw, centred, program, ratio, raw_pair, root
from jaxrepsim.measures.sample_pairs import of_pairs
from jaxrepsim.measures.steps import Steps


def rbf_cka(x: ArrayLike, y: ArrayLike, scale: float = 0.5) -> Float[Array, ""]:
    """Centred kernel alignment with a Gaussian kernel: how alike the neighbourhoods of samples are.

    K_ij = exp(−|xᵢ − xⱼ|² / (2 scale² d)), d the median of all squared distances |xᵢ − xⱼ|², those of samples to
    themselves included; L likewise of y. With both centred, H = I − 11ᵀ/m: tr(KHLH) / √(tr(KHKH) tr(LHLH)). A small
    scale sees near neighbours alone; towards an infinite one it becomes linear CKA.

    Biased as `linear_cka` is, and more so the smaller the scale. It takes memory and time of samples².

    Args:
        x: (samples, n_x), raw: a compression has lost the distances.
        y: (samples, n_y), on the same samples.
        scale: The width of the kernel, in square roots of the median squared distance.

    Returns:
        A number in [0, 1]; 0 where all samples are the same in a network.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: A scale that is not positive, not two axes, different numbers of samples, a compressed network, or a
            concrete activation that is NaN or infinite. Where one is traced, it is NaN.

    Source: Kornblith et al. 2019 (arXiv:1905.00414), section 3; median and scale as in their code.

    >>> import jax
    >>> x = jax.random.normal(jax.random.key(0), (100, 3))
    >>> round(float(rbf_cka(x, 3 * x + 1)), 4)
    1.0
    """
    networks = raw_pair(x, y)
    return _rbf_cka(*networks, *_options(networks[0].samples, scale))


def _options(samples: int, scale: float) -> tuple[float]:
    if not isinstance(scale, int | float) or not scale > 0:
        raise InputError(f"scale must be a positive number, received {scale}")
    return (float(scale),)


def _kernel(network: Raw, scale: Array | float) -> Float[Array, "m m"]:
    """The centred kernel matrix of norm 1; zero for what is no sample."""
    rows = centred(network).joint
    m, samples = rows.shape[0], jnp.asarray(network.samples)
    there = jnp.arange(m) < samples
    both = there[:, None] & there
    lengths = jnp.sum(rows * rows, axis=1)
    squares = jnp.maximum(lengths[:, None] + lengths - 2 * rows @ rows.T, 0)
    squares = jnp.where(jnp.eye(m, dtype=bool), 0, squares)
    width = 2 * scale * scale * _median(squares, samples)
    # Where most samples are the same, only these are near one another.
    kernel = jnp.where(width > 0, jnp.exp(-squares / jnp.where(width > 0, width, 1)), squares == 0)
    kernel = jnp.where(both, kernel, 0)
    means = jnp.sum(kernel, axis=0) / jnp.maximum(samples, 1)
    around = kernel - means - means[:, None] + jnp.sum(means) / jnp.maximum(samples, 1)
    # All entries of a network that never varies are 1, and centred 0 but for rounding.
    around = jnp.where(both & jnp.any(squares > 0), around, 0)
    return ratio(around, root(jnp.sum(around * around)))


def _median(squares: Float[Array, "m m"], samples: Array) -> Array:
    """Of all entries: those of samples to themselves, which are 0, and those of every pair twice."""
    apart, counted = of_pairs(squares, samples)
    if not len(apart):
        return jnp.zeros((), squares.dtype)
    ascending = jnp.sort(jnp.where(counted, apart, jnp.inf))
    count = samples * samples
    middle = jnp.stack([jnp.maximum(count - 1, 0) // 2, count // 2])
    found = ascending[jnp.clip((middle - samples) // 2, 0, len(ascending) - 1)]
    return jnp.mean(jnp.where((middle >= samples) & (samples > 1), found, 0))


def _aligned(x: Float[Array, "m m"], y: Float[Array, "m m"]) -> Array:
    return jnp.sum(x * y)


STEPS = Steps(_options, _kernel, _aligned)
_rbf_cka = program(STEPS.measured, gradient=True)
