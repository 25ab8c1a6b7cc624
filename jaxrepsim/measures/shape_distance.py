"""Generalised shape metrics: between rotations and all linear maps."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.errors import InputError
from jaxrepsim.measures.directions import directions, on_few_rows
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program
from jaxrepsim.measures.rotation import angle, chord


def shape_distance(x: Activations, y: Activations, alpha: float = 0.5) -> Float[Array, ""]:
    """The angle between partially whitened representations after the best rotation: a metric.

    The centred activations X are replaced by X(αI + (1 − α)(XᵀX)^(−½)), Y likewise, and then compared as by
    `angular_procrustes`. α = 1 is that distance; α = 0 is an angle of canonical correlations,
    arccos(Σρᵢ / √(rank X rank Y)), which no invertible linear change of the units changes. In between, the singular
    values of X are compared with 1: it depends on the scale of activations, and on the number of samples. Directions
    beyond the rank are left out.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.
        alpha: In [0, 1].

    Returns:
        Radians in [0, π/2]; π/2 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: `alpha` outside [0, 1], not two axes, different numbers of samples, networks not compressed
            together, or a concrete activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Williams, Kunz, Kornblith and Linderman 2021 (arXiv:2110.14739), section 2.2, equation 7.

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (500, 2))
    >>> y = x * jnp.array([1.0, 10.0])
    >>> [round(float(shape_distance(x, y, alpha)), 1) for alpha in (0.0, 1.0)]
    [0.0, 0.7]
    """
    if not isinstance(alpha, int | float) or not 0 <= alpha <= 1:
        raise InputError(f"alpha must lie in [0, 1], received {alpha}")
    return _shape_distance(*pair(x, y), float(alpha))


def _of(x: Raw | Basis, y: Raw | Basis, alpha: Array) -> Array:
    networks = centred(x), centred(y)
    rows = on_few_rows(*networks, unit=False)
    whitened = []
    for part, network in zip(rows, networks, strict=True):
        found = directions(part)
        whitened.append(found.basis * lengths(found.values, network.largest, alpha))
    return angle(chord(*whitened))


def lengths(values: Float[Array, "k"], scale: Float[Array, ""], alpha: Array | float) -> Float[Array, "k"]:
    """Of the principal directions after partial whitening, from singular values in units of `scale`."""
    # Of αs + (1 − α) with s = values · scale, divided by what neither overflows nor vanishes.
    largest = jnp.maximum(scale, 1)
    return jnp.where(values > 0, alpha * values * (scale / largest) + (1 - alpha) / largest, 0)


_shape_distance = program(_of)
