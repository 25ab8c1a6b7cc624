"""The similarity of two or more networks by their joint match."""

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.measures.matches import critical, share
from jaxrepsim.measures.networks import Activations
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import check_one_epsilon


def joint_similarity(*networks: Activations, epsilon: ArrayLike = 0.3) -> Float[Array, ""]:
    """The share of all units that recur in all of several networks: `jaxrepsim.joint_match(networks, ε).similarity`.

    Of two networks it is `match_similarity`.

    Args:
        *networks: Two or more (samples, n_a), all on the same samples; or all compressed together.
        epsilon: In [0, 1).

    Returns:
        A number in [0, 1]; dead units are never matched.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Fewer than two networks, an ε that is not one number in [0, 1), not two axes, different numbers of
            samples, or a concrete activation that is NaN or infinite. Where one is traced, it is NaN.

    It has no gradient.

    Source: the match of two networks is that of Wang et al. 2018 (arXiv:1810.11750), definition 3; that of
    more is ours.

    >>> import jax.numpy as jnp
    >>> eye = jnp.eye(40)
    >>> float(joint_similarity(eye[:, :2], eye[:, 1:3], eye[:, :3], epsilon=0.1))
    0.42...
    """
    check_one_epsilon(epsilon)
    if len(networks) < 2:
        raise ValueError(f"a joint match is of two networks or more, received {len(networks)}")
    return in_numpy(share, critical(*networks), epsilon)
