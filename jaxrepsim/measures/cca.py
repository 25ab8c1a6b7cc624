"""Mean canonical correlation."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.directions import directions, mean_correlation, on_few_rows
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program


def cca(x: Activations, y: Activations) -> Float[Array, ""]:
    """Mean canonical correlation: how much of one span lies in the other, every direction counting alike.

    With orthonormal bases Q_x and Q_y of the spans of the centred units, the canonical correlations ρᵢ are the singular
    values of Q_xᵀQ_y; it is their mean, Σ ρᵢ / min(rank X, rank Y). No invertible linear change of the units changes
    it, so a direction of noise counts as much as any other. With as many units as samples every ρ is 1, and of
    independent networks the mean is far above 0 unless there are many more samples than units: about √(n/m) for n
    Gaussian units a side on m samples.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.

    Returns:
        A number in [0, 1]; 0 where a network never varies. The rank counts directions that are above rounding, of units
        of norm 1.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Hotelling 1936 (Biometrika 28); as a similarity of networks Raghu et al. 2017 (arXiv:1706.05806), and
    Kornblith et al. 2019 (arXiv:1905.00414), table 1, ρ̄_CCA.

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (200, 2))
    >>> round(float(cca(x, x @ jnp.array([[1.0, 5.0], [0.0, 0.1]]))), 3)
    1.0
    """
    return _cca(*pair(x, y))


def _of(x: Raw | Basis, y: Raw | Basis) -> Array:
    a, b = map(directions, on_few_rows(centred(x), centred(y), unit=True))
    return mean_correlation(a.basis.T @ b.basis, jnp.minimum(a.rank, b.rank))


_cca = program(_of)
