"""What every function of the core accepts, checked where shapes are known: at trace time."""

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from jaxrepsim._typing import Array


def as_activations(*activations: ArrayLike) -> tuple[Array, ...]:
    """Activations of several networks on the same samples, in one floating dtype of at least 32 bits.

    Args:
        *activations: Arrays of shape (samples, units), one a network.

    Returns:
        The same arrays in their common dtype: float64 where one of them is (and x64 is on), else float32.

    Raises:
        TypeError: An array is not of real floating numbers.
        ValueError: An array has not two axes, or the numbers of samples differ.
    """
    arrays = [jnp.asarray(a) for a in activations]
    for array in arrays:
        if not jnp.issubdtype(array.dtype, jnp.floating):
            raise TypeError(f"activations must be real floating numbers, not {array.dtype}; convert them first")
        if array.ndim != 2:
            raise ValueError(
                f"activations must have the shape (samples, units), not {array.shape}; "
                "flatten a convolutional map (N, H, W, C) to (N*H*W, C)"
            )
    samples = [array.shape[0] for array in arrays]
    if len(set(samples)) > 1:
        raise ValueError(
            f"the networks have different numbers of samples, {' and '.join(map(str, samples))}; "
            "row i of each must be the response to the same input"
        )
    dtype = jnp.result_type(jnp.float32, *arrays)
    return tuple(array.astype(dtype) for array in arrays)


def check_epsilon(epsilon: ArrayLike) -> None:
    """Refuses a concrete ε outside [0, 1); a traced one is taken on trust.

    Raises:
        ValueError: Some ε is below 0, at least 1, or not a number.
    """
    if isinstance(epsilon, Tracer):
        return
    values = np.asarray(epsilon)  # NumPy: under jit, jnp would trace even a constant
    if not np.all((values >= 0) & (values < 1)):
        raise ValueError(f"epsilon must lie in [0, 1), received {epsilon}: it is a distance relative to a unit's norm")
