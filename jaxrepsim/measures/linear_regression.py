"""The share of a network's variance that another predicts linearly."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.directions import directions, on_few_rows
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program, ratio


def linear_regression(x: Activations, y: Activations) -> Float[Array, ""]:
    """R² of x from y: the share of the variance of all units of x that the units of y predict by least squares.

    1 − min_B ‖X − YB‖²_F / ‖X‖²_F = ‖Q_yᵀX‖²_F / ‖X‖²_F, X and Y centred, Q_y an orthonormal basis of the span of Y. It
    is not symmetric: `linear_regression(y, x)` predicts y. It is fitted and read on the same samples: with n_y
    independent units on m samples it is about n_y / m where nothing is shared, and 1 with n_y ≥ m. `ridge` is read on
    samples that were held out.

    Args:
        x: (samples, n_x), the units that are predicted, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those that predict, on the same samples, or compressed with x.

    Returns:
        A number in [0, 1]; 0 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Kornblith et al. 2019 (arXiv:1905.00414), equation 5 and table 1, R²_LR, where x and y are the other way
    round in the notation of the first.

    >>> import jax, jax.numpy as jnp
    >>> y, noise = jax.random.normal(jax.random.key(0), (2, 1000, 3))
    >>> f"{float(linear_regression(y + noise, y)):.1f} {float(linear_regression(y @ jnp.ones((3, 1)), y)):.1f}"
    '0.5 1.0'
    """
    return _linear_regression(*pair(x, y))


def _of(x: Raw | Basis, y: Raw | Basis) -> Array:
    first = centred(x)
    a, b = on_few_rows(first, centred(y), unit=True)
    lengths = jnp.sqrt(jnp.sum(first.joint**2, axis=0))  # the rows have units of norm 1
    predicted = (directions(b).basis.T @ a) * lengths
    return jnp.clip(ratio(jnp.sum(predicted**2), jnp.sum(lengths**2)), 0, 1)


_linear_regression = program(_of)
