"""Centred kernel alignment with a Gaussian kernel."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.errors import InputError
from jaxrepsim.measures.networks import Raw, centred, program, ratio, raw_pair, root


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
    if not isinstance(scale, int | float) or not scale > 0:
        raise InputError(f"scale must be a positive number, received {scale}")
    return _rbf_cka(*raw_pair(x, y), float(scale))


def _of(x: Raw, y: Raw, scale: Array) -> Array:
    a, b = _kernel(x, scale), _kernel(y, scale)
    return ratio(jnp.sum(a * b), root(jnp.sum(a * a)) * root(jnp.sum(b * b)))


def _kernel(network: Raw, scale: Array) -> Float[Array, "m m"]:
    """The centred kernel matrix; zero for what is no sample."""
    rows = centred(network).joint
    m, counted = rows.shape[0], jnp.asarray(network.samples)
    there = jnp.arange(m) < counted
    both = there[:, None] & there
    lengths = jnp.sum(rows * rows, axis=1)
    squares = jnp.maximum(lengths[:, None] + lengths - 2 * rows @ rows.T, 0)
    squares = jnp.where(jnp.eye(m, dtype=bool), 0, squares)
    # What is no pair sorts behind all pairs.
    ascending = jnp.sort(jnp.where(both, squares, jnp.inf).ravel())
    pairs = counted * counted
    middle = jnp.stack([jnp.maximum(pairs - 1, 0) // 2, pairs // 2])
    median = jnp.mean(jnp.where(pairs > 0, ascending[jnp.minimum(middle, m * m - 1)], 0)) if m else jnp.zeros(())
    width = 2 * scale * scale * median
    # Where most samples are the same, only these are near one another.
    kernel = jnp.where(width > 0, jnp.exp(-squares / jnp.where(width > 0, width, 1)), squares == 0)
    kernel = jnp.where(both, kernel, 0)
    means = jnp.sum(kernel, axis=0) / jnp.maximum(counted, 1)
    around = kernel - means - means[:, None] + jnp.sum(means) / jnp.maximum(counted, 1)
    # All entries of a network that never varies are 1, and centred 0 but for rounding.
    varies = jnp.any(squares > 0)
    return jnp.where(both & varies, around, 0)


_rbf_cka = program(_of, gradient=True)
