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
    """R of a QR alone, up to the signs of its rows, of columns whose norms are not far from 1, or 0.

    Float32 has no digit to spare for a second round, which rounds as much as the first: there it is Householder's.
    """
    in_rounds = a.shape[0] > 2 * a.shape[1] and jnp.finfo(a.dtype).bits == 64
    return one_at_a_time(_cholesky_triangle if in_rounds else lambda matrix: jnp.linalg.qr(matrix, mode="r"), a)


def cholesky_qr(a: Float[Array, "m n"]) -> tuple[Float[Array, "m n"], Float[Array, "n n"]]:
    """(Q, R) of a matrix of full rank, m ≥ n, whose columns have norms of about 1: shifted CholeskyQR3.

    Q = a R⁻¹ for the Cholesky factor of aᵀa is as far from orthonormal as aᵀa is from its rounding. With a shift s of
    some u‖a‖² it is never worse than √s, so a round or two more make it orthonormal. All of it is matrix products, at
    the same speed whatever else runs. LAPACK's Householder QR has its threads wait for each other at every column: on
    two idle cores it takes a third of the time, and three times as much where other programs have the cores.

    Source: Fukaya, Kannan, Nakatsukasa, Yamamoto and Yanagisawa 2020, arXiv:1809.11085.
    """
    return one_at_a_time(_cholesky_qr, a)


def _cholesky_qr(a: Float[Array, "m n"]) -> tuple[Float[Array, "m n"], Float[Array, "n n"]]:
    first = _shifted_cholesky(a.T @ a, _shift(a))
    q = _right_solve(first, a)
    q, triangle = _cholesky_round(q, first)
    # Only what the shift has squeezed is still askew after two rounds.
    squeezed = jnp.min(jnp.diagonal(triangle) / jnp.diagonal(first), initial=1.0) < 0.5
    return jax.lax.cond(squeezed, _cholesky_round, lambda q, triangle: (q, triangle), q, triangle)


def _cholesky_round(q: Float[Array, "m n"], triangle: Float[Array, "n n"]) -> tuple[Array, Array]:
    again = jnp.linalg.cholesky(q.T @ q, upper=True)
    return _right_solve(again, q), again @ triangle


def _cholesky_triangle(a: Float[Array, "m n"]) -> Float[Array, "n n"]:
    """R of shifted CholeskyQR2.

    A singular value σ of a is one of σ/√(σ² + s) in Q₁, and rounded at that size: by us/σ² of itself, which is less
    than Householder's u/σ. The columns of Q₁ that the shift alone keeps from being dependent are so small that a
    second shift of some u is enough: it leaves √(us) in place of a zero.
    """
    first = _shifted_cholesky(a.T @ a, _shift(a))
    q = _right_solve(first, a)
    second = _shifted_cholesky(q.T @ q, 4 * float(jnp.finfo(a.dtype).eps))
    return jnp.where(jnp.any(a != 0, axis=0), second @ first, 0.0)


def _shift(a: Float[Array, "m n"]) -> float:
    """What rounding may move the eigenvalues of aᵀa by."""
    m, n = a.shape
    return 4 * float(jnp.finfo(a.dtype).eps) * max(n, (m * n) ** 0.5)


def _shifted_cholesky(gram: Float[Array, "n n"], shift: float) -> Float[Array, "n n"]:
    """The upper factor of the Gram matrix and a shift; of a larger one where rounding still leaves it indefinite."""
    identity = jnp.eye(len(gram), dtype=gram.dtype)
    factor, more = jnp.linalg.cholesky(gram + shift * identity, upper=True), gram + 100 * shift * identity
    finite = jnp.all(jnp.isfinite(factor))
    return jax.lax.cond(finite, lambda: factor, lambda: jnp.linalg.cholesky(more, upper=True))


def _right_solve(triangle: Float[Array, "n n"], a: Float[Array, "m n"]) -> Float[Array, "m n"]:
    """a R⁻¹, column after column: a product with the inverse would lose what R is ill-conditioned by."""
    return jax.lax.linalg.triangular_solve(triangle, a, left_side=False, lower=False)


def solve_upper(triangle: Float[Array, "n n"], right: Float[Array, "n k"]) -> Float[Array, "n k"]:
    """R⁻¹ times `right`, for an upper triangle R."""
    return one_at_a_time(lambda r, b: solve_triangular(r, b), triangle, right)


def one_at_a_time(function: Callable, *arguments: Any) -> Any:
    """`function(*arguments)`; on a CPU a batch that `vmap` makes of it is worked off one after the other."""
    return jax.lax.platform_dependent(*arguments, cpu=sequential_vmap(function), default=function)
