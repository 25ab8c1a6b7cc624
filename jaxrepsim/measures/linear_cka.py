"""Linear centred kernel alignment."""

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.kernels import alignment
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program, ratio, root


def linear_cka(x: Activations, y: Activations) -> Float[Array, ""]:
    """Linear centred kernel alignment: how alike the similarities between samples are.

    With X and Y centred, ‖XᵀY‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F): the cosine between the matrices XXᵀ and YYᵀ of the inner
    products of samples, and the mean squared correlation of principal components, weighted by how much each varies. So
    it sees the few strongest directions, and hardly the others.

    Independent networks do not read 0: of n independent Gaussian units a side, the expectation on m samples is about
    n / (n + m). See `debiased_cka`.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.

    Returns:
        A number in [0, 1]; 0 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    Source: Kornblith, Norouzi, Lee and Hinton 2019 (arXiv:1905.00414), section 3.

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (200, 3))
    >>> turn = jnp.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    >>> round(float(linear_cka(x, 3 * x @ turn + 1)), 4)
    1.0
    """
    return _linear_cka(*pair(x, y))


def _of(x: Raw | Basis, y: Raw | Basis) -> Array:
    a, b = centred(x).joint, centred(y).joint
    return ratio(alignment(a, b), root(alignment(a, a)) * root(alignment(b, b)))


_linear_cka = program(_of, gradient=True)
