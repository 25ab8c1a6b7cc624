"""The matrix factorisations everything rests on.

On a CPU a batch is factored one matrix after the other: up to JAX 0.10 two batched LAPACK calls that run at the same
time, from one program or from two, wait for each other for ever once they hold every thread of XLA's pool (on two
cores: as soon as there are two). LAPACK itself uses all cores, so little is lost.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_batching import sequential_vmap
from jax.scipy.linalg import solve_triangular

from jaxrepsim._typing import Array, Float


def orthonormal_basis(a: Float[Array, "m n"]) -> tuple[Float[Array, "m k"], Float[Array, "k n"]]:
    """Householder QR: (Q, R) with QᵀQ = I and a = Q R, k = min(m, n)."""

    def factor(matrix: Array) -> tuple[Array, Array]:
        basis, triangle = jnp.linalg.qr(matrix)
        return basis, triangle

    return one_at_a_time(factor, a)


def triangular_factor(a: Float[Array, "m n"]) -> Float[Array, "k n"]:
    """R of the Householder QR alone."""
    return one_at_a_time(lambda matrix: jnp.linalg.qr(matrix, mode="r"), a)


def solve_upper(triangle: Float[Array, "n n"], right: Float[Array, "n k"]) -> Float[Array, "n k"]:
    """R⁻¹ times `right`, for an upper triangle R."""
    return one_at_a_time(lambda r, b: solve_triangular(r, b), triangle, right)


def one_at_a_time(function: Callable, *arguments: Any) -> Any:
    """`function(*arguments)`; on a CPU a batch that `vmap` makes of it is worked off one after the other."""
    return jax.lax.platform_dependent(*arguments, cpu=sequential_vmap(function), default=function)
