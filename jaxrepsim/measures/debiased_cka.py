"""Linear centred kernel alignment from unbiased estimates."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.kernels import alignment
from jaxrepsim.measures.networks import Activations, Basis, Centred, Raw, centred, pair, program, ratio, root

FEWEST = 4
"""Samples that the estimate needs."""


def debiased_cka(x: Activations, y: Activations) -> Float[Array, ""]:
    """Linear CKA from unbiased estimates of HSIC: of independent networks about 0, however few the samples.

    HSIC₁(x, y) / √(HSIC₁(x, x) HSIC₁(y, y)), with, for K = XXᵀ and L = YYᵀ without their diagonals (K̃, L̃), m samples:

        HSIC₁ = (tr K̃L̃ + 1ᵀK̃1 · 1ᵀL̃1 / ((m − 1)(m − 2)) − 2 · 1ᵀK̃L̃1 / (m − 2)) / (m (m − 3))

    *From one pass.* HSIC₁ does not change when the units are centred: adding aᵢ + aⱼ to all K̃ᵢⱼ, i ≠ j, changes no
    U-centred matrix. Centred, K1 = 0. With kᵢ = |xᵢ|² and lᵢ = |yᵢ|² the squared lengths of samples around the mean,
    K̃ = K − diag(k), so K̃1 = −k, and therefore

        tr K̃L̃ = ‖XᵀY‖²_F − Σ kᵢlᵢ,    1ᵀK̃1 = −Σ kᵢ,    1ᵀK̃L̃1 = Σ kᵢlᵢ
        m (m − 3) HSIC₁ = ‖XᵀY‖²_F − m / (m − 2) · Σ kᵢlᵢ + Σ kᵢ Σ lᵢ / ((m − 1)(m − 2))

    XᵀY, Σkᵢ and Σlᵢ are in the Gram matrix of the units; Σkᵢlᵢ is in it where k and l are columns more
    (`jaxrepsim.compression.summarise`, `init(units, squares=True)`).

    HSIC₁ is an inner product of U-centred matrices: so HSIC₁(x, x) ≥ 0, and the quotient is in [−1, 1]. The numerator
    and both squares of the denominator have no bias; the quotient has one of order 1/m.

    Args:
        x: (samples, n_x), or compressed with y, squares included.
        y: (samples, n_y), on the same samples, or compressed with x.

    Returns:
        A number in [−1, 1]: 0 where a network never varies, NaN where a compression is of fewer than 4 samples.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Fewer than 4 samples, not two axes, different numbers of samples, networks not compressed together
            or without squares, or a concrete activation that is NaN or infinite. Where one is traced, it is NaN.

    Source: Song, Smola, Gretton, Bedo and Borgwardt 2012 (JMLR 13), equation 4; as a similarity Nguyen, Raghu and
    Kornblith 2021 (arXiv:2010.15327). The U-centred matrices: Székely and Rizzo 2014 (Annals of Statistics 42).

    >>> import jax
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 200, 20))
    >>> from jaxrepsim.measures import linear_cka
    >>> f"{float(linear_cka(x, y)):.2f} {abs(float(debiased_cka(x, y))):.2f}"
    '0.09 0.00'
    """
    networks = pair(x, y, squares=True)
    first = networks[0]
    if isinstance(first, Raw) and isinstance(first.samples, int) and first.samples < FEWEST:
        raise ValueError(f"the unbiased estimate needs {FEWEST} samples or more, received {first.samples}")
    return _debiased_cka(*networks)


def _of(x: Raw | Basis, y: Raw | Basis) -> Array:
    a, b = centred(x), centred(y)

    def of(first: Centred, second: Centred) -> Array:
        shared = jnp.sum(first.joint_lengths * second.joint_lengths)
        total, other = jnp.sum(first.joint**2), jnp.sum(second.joint**2)
        return hsic(alignment(first.joint, second.joint), shared, total, other, jnp.asarray(x.samples))

    return quotient(of(a, b), of(a, a), of(b, b), jnp.asarray(x.samples))


def hsic(aligned: Array, shared: Array, total_x: Array, total_y: Array, samples: Array) -> Array:
    """m (m − 3) HSIC₁ of ‖XᵀY‖²_F, Σkᵢlᵢ, Σkᵢ and Σlᵢ; 0 where that is less than the rounding of its terms."""
    m = jnp.maximum(samples.astype(aligned.dtype), FEWEST)
    terms = jnp.stack([aligned, -m / (m - 2) * shared, total_x / (m - 1) * (total_y / (m - 2))])
    found = jnp.sum(terms, axis=0)
    return jnp.where(jnp.abs(found) > 16 * jnp.finfo(found.dtype).eps * jnp.sum(jnp.abs(terms), axis=0), found, 0)


def quotient(between: Array, within_x: Array, within_y: Array, samples: Array) -> Array:
    """The measure, of three estimates of HSIC."""
    found = jnp.clip(ratio(between, root(within_x) * root(within_y)), -1, 1)
    return jnp.where(samples < FEWEST, jnp.nan, found)


_debiased_cka = program(_of, gradient=True)
