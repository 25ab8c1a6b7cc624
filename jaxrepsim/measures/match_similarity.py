"""The similarity of two networks by their maximum match."""

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.measures.matches import critical, share
from jaxrepsim.measures.networks import Activations
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import check_one_epsilon


def match_similarity(x: Activations, y: Activations, epsilon: ArrayLike = 0.3) -> Float[Array, ""]:
    """The share of all units that are in the maximum ε-match: `jaxrepsim.maximum_match(x, y, epsilon).similarity`.

    (|X| + |Y|) / (n_x + n_y), where the units of X and Y are all the units that the units of the other set express up
    to ε of their norms. Nothing is centred; the scales of units do not matter. See `match_auc` for all ε at once.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y.
        y: (samples, n_y), those of another on the same samples, or compressed with x.
        epsilon: In [0, 1).

    Returns:
        A number in [0, 1]; dead units are never matched.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: An ε that is not one number in [0, 1), not two axes, different numbers of samples, or a concrete
            activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: Wang et al. 2018 (arXiv:1810.11750), definition 3.

    >>> import jax.numpy as jnp
    >>> float(match_similarity(jnp.eye(40)[:, :3], jnp.eye(40)[:, 1:4], 0.1))
    0.66...
    """
    check_one_epsilon(epsilon)
    return in_numpy(share, critical(x, y), epsilon)
