"""Procrustes distance of normalised representations."""

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program
from jaxrepsim.measures.rotation import chord


def procrustes(x: Activations, y: Activations) -> Float[Array, ""]:
    """How far apart representations are after the best rotation: a metric.

    With X and Y centred and of norm 1, the narrower one widened with zeros, min_Q ‖X − YQ‖_F over orthogonal Q, which
    is √(2 − 2‖XᵀY‖∗), ‖·‖∗ the sum of singular values. Where CKA sums squared singular values, this sums them as they
    are: it sees weaker directions too.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.

    Returns:
        A distance in [0, √2]; √2 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    Source: Schönemann 1966 (Psychometrika 31); of networks Ding, Denain and Steinhardt 2021 (arXiv:2108.01661), whose
    distance is its square, and Williams et al. 2021 (arXiv:2110.14739).

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (200, 2))
    >>> turn = jnp.array([[0.6, -0.8], [0.8, 0.6]])
    >>> round(float(procrustes(x, 3 * x @ turn + 1)), 3)
    0.0
    """
    return _procrustes(*pair(x, y))


def _of(x: Raw | Basis, y: Raw | Basis) -> Array:
    return chord(centred(x).joint, centred(y).joint)


_procrustes = program(_of, gradient=True)
