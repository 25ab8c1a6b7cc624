"""Inner products of the similarity matrices of samples, which no one needs to form."""

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float


def alignment(x: Float[Array, "r n_x"], y: Float[Array, "r n_y"]) -> Float[Array, ""]:
    """⟨xxᵀ, yyᵀ⟩ = ‖xᵀy‖²_F, by whichever of the two is the smaller product."""
    rows, n_x, n_y = x.shape[0], x.shape[1], y.shape[1]
    if rows < min(n_x, n_y):
        return jnp.sum((x @ x.T) * (y @ y.T))
    return jnp.sum((x.T @ y) ** 2)
