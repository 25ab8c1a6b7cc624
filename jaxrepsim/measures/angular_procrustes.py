"""Procrustes distance as an angle."""

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program
from jaxrepsim.measures.rotation import angle, chord


def angular_procrustes(x: Activations, y: Activations) -> Float[Array, ""]:
    """The angle between representations after the best rotation: a metric, the shortest path on the sphere of shapes.

    arccos(‖XᵀY‖∗ / (‖X‖_F‖Y‖_F)), X and Y centred, ‖·‖∗ the sum of singular values. `procrustes` is the chord to this
    arc.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.

    Returns:
        Radians in [0, π/2]; π/2 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    Source: Williams, Kunz, Kornblith and Linderman 2021 (arXiv:2110.14739), equation 5.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0], [-1.0], [0.0], [0.0]])
    >>> y = jnp.array([[1.0], [-1.0], [1.0], [-1.0]])
    >>> round(float(angular_procrustes(x, y)), 4)  # a quarter of π
    0.7854
    """
    return _angular_procrustes(*pair(x, y))


def _of(x: Raw | Basis, y: Raw | Basis) -> Array:
    return angle(chord(centred(x).joint, centred(y).joint))


_angular_procrustes = program(_of, gradient=True)
