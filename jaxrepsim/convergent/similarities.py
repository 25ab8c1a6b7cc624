"""What every function of a similarity matrix, or of the partners found by it, accepts."""

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array, ArrayLike
from jaxrepsim.numerics.inputs import as_array


def check_similarity(similarity: ArrayLike) -> Array | np.ndarray:
    """Takes a matrix of finite real numbers; the values of a traced one are taken on trust.

    Args:
        similarity: (n_x, n_y), of each unit of the first network with each of the second.

    Returns:
        It, as an array.

    Raises:
        TypeError: Not real floating numbers.
        ValueError: Not two axes, or a value that is not finite.
    """
    similarity = as_array(similarity)
    if not jnp.issubdtype(similarity.dtype, jnp.floating):
        raise TypeError(f"similarities must be real floating numbers, not {similarity.dtype}; convert them first")
    if similarity.ndim != 2:
        raise ValueError(f"similarities must have the shape (n_x, n_y), not {similarity.shape}")
    if isinstance(similarity, Tracer):
        return similarity
    values = np.asarray(similarity)  # NumPy: under jit, jnp would trace even a constant
    faulty = ~np.isfinite(values)
    if faulty.any():
        x, y = np.argwhere(faulty)[0].tolist()
        more = f", and {faulty.sum() - 1} others are not finite either" if faulty.sum() > 1 else ""
        raise ValueError(f"the similarity of unit {x} of x and unit {y} of y is {values[x, y]}{more}")
    return similarity


def units_of(partner: Array | np.ndarray) -> int:
    """How many units have or lack a partner there.

    Raises:
        TypeError: Not whole numbers.
        ValueError: Not one axis.
    """
    dtype = jnp.result_type(partner)
    if not jnp.issubdtype(dtype, jnp.integer):
        raise TypeError(f"partners must be whole numbers, not {dtype}")
    if np.ndim(partner) != 1:
        raise ValueError(f"partners must have one axis, the units, not the shape {np.shape(partner)}")
    return np.shape(partner)[0]


def check_partners(partner: Array | np.ndarray, units: int, network: str) -> None:
    """Refuses partners that are no units of a network; traced ones are taken on trust.

    Args:
        partner: (n,), the partner of each unit, −1 for none.
        units: Of the network that they are in.
        network: Its name.

    Raises:
        TypeError: Not whole numbers.
        ValueError: Not one axis, or a partner below −1 or not below `units`.
    """
    units_of(partner)
    if isinstance(partner, Tracer):
        return
    values = np.asarray(partner)
    wrong = np.flatnonzero((values < -1) | (values >= units))
    if wrong.size:
        raise ValueError(f"unit {wrong[0]} has partner {values[wrong[0]]}, and {network} has {units} units")
