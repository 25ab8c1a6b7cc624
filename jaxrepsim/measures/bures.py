"""Normalised Bures similarity."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.networks import Activations, Basis, Raw, centred, pair, program
from jaxrepsim.measures.rotation import chord


def bures(x: Activations, y: Activations) -> Float[Array, ""]:
    """Normalised Bures similarity of the similarities between samples: the cosine of `angular_procrustes`.

    With K = XXᵀ and L = YYᵀ of centred X and Y, tr((K^½ L K^½)^½) / √(tr K tr L) = ‖XᵀY‖∗ / (‖X‖_F‖Y‖_F).

    Args:
        x: (samples, n_x), activations of one network, or compressed with y (`jaxrepsim.compression.summarise`).
        y: (samples, n_y), those of another on the same samples, or compressed with x.

    Returns:
        A number in [0, 1]; 0 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, networks not compressed together, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    Source: Tang, Maddox, Dickens, Diethe and Damianou 2020 (arXiv:2003.11370); with Procrustes, Harvey, Larsen and
    Williams 2024 (arXiv:2311.11436).

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0], [-1.0], [0.0], [0.0]])
    >>> y = jnp.array([[1.0], [-1.0], [1.0], [-1.0]])
    >>> round(float(bures(x, y)) ** 2, 4)
    0.5
    """
    return _bures(*pair(x, y))


def _of(x: Raw | Basis, y: Raw | Basis) -> Array:
    return jnp.maximum(1 - chord(centred(x).joint, centred(y).joint) ** 2 / 2, 0)


_bures = program(_of, gradient=True)
