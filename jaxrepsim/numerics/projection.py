"""Orthogonal projection on a numerical span, dependent units included."""

import jax.numpy as jnp
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, Float
from jaxrepsim.numerics.factor import cholesky_qr


def ridge(dtype: DTypeLike) -> float:
    """√δ of the rows √δ·I that stand below a basis of unit-norm columns.

    With them every basis has full rank, so that dual vectors are finite. A direction of singular value σ lies in the
    sample rows with the share σ²/(σ² + δ): nearly 1 for a direction of the span, nearly 0 for what rounding leaves of a
    dependency.
    """
    return 1e-10 if jnp.finfo(dtype).bits == 64 else 2e-5


def factor(basis: Float[Array, "m n"]) -> tuple[Float[Array, "m n"], Float[Array, "n n"]]:
    """The sample rows of Q, and R, in [basis; √δ·I] = Q R."""
    samples, n = basis.shape
    identity = jnp.eye(n, dtype=basis.dtype)
    orthonormal, triangle = cholesky_qr(jnp.concatenate([basis, ridge(basis.dtype) * identity]))
    return orthonormal[:samples], triangle


def project_out(top: Float[Array, "m n"], x: Float[Array, "m k"]) -> Float[Array, "m k"]:
    """x less its projection on the span that `top`, the sample rows of Q, stands for.

    The eigenvalues of P = top·topᵀ are the shares w = σ²/(σ² + δ). 3P² − 2P³ (McWeeny's purification) brings them to 1
    and 0 to second order, so the ridge leaves no bias. Done twice, for the digits that a first projection loses where
    little is left of x.
    """

    shares = top.T @ top

    def once(error: Array) -> Array:
        inside = shares @ (top.T @ error)
        return error - top @ (3 * inside - 2 * (shares @ inside))

    return once(once(x))
