"""The similarity by maximum matches over all ε."""

from jaxrepsim._typing import Array, Float
from jaxrepsim.errors import InputError
from jaxrepsim.measures.matches import area, critical
from jaxrepsim.measures.networks import Activations
from jaxrepsim.numerics.concrete import in_numpy


def match_auc(x: Activations, y: Activations, upper: float = 0.5) -> Float[Array, ""]:
    """The mean of `match_similarity` over ε from 0 to `upper`, exactly: `jaxrepsim.match_profile(x, y).auc(upper)`.

    Args:
        x: (samples, n_x), activations of one network, or compressed with y.
        y: (samples, n_y), those of another on the same samples, or compressed with x.
        upper: The largest ε, in (0, 1].

    Returns:
        A number in [0, 1]; dead units are never matched.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: `upper` outside (0, 1], not two axes, different numbers of samples, or a concrete activation that is
            NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: the match is that of Wang et al. 2018 (arXiv:1810.11750); the mean over ε is ours.

    >>> import jax.numpy as jnp
    >>> round(float(match_auc(jnp.eye(40)[:, :3], jnp.eye(40)[:, 1:4])), 2)
    0.67
    """
    if not isinstance(upper, int | float) or not 0 < upper <= 1:
        raise InputError(f"upper must lie in (0, 1], received {upper}")
    return in_numpy(area, critical(x, y), upper)
