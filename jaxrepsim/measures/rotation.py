"""How far two sets of rows are apart under the best rotation of one of them."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.measures.directions import decomposed, singular_values
from jaxrepsim.measures.networks import ratio, root


def chord(x: Float[Array, "r n_x"], y: Float[Array, "r n_y"]) -> Float[Array, ""]:
    """min_Q ‖X/‖X‖ − YQ/‖Y‖‖_F over orthogonal Q, the narrower one widened with zeros; √2 where one is zero.

    It is √(2 − 2c) with c = ‖XᵀY‖∗ / (‖X‖‖Y‖), ‖·‖∗ the sum of singular values, and formed as a difference: at small
    distances 2 − 2c has half the digits. The derivative is that at the fixed best Q (the envelope theorem).
    """
    wide = max(x.shape[1], y.shape[1])
    a, b = (jnp.pad(part, ((0, 0), (0, wide - part.shape[1]))) for part in (_normalised(x), _normalised(y)))
    left, _, right = decomposed(jax.lax.stop_gradient(a.T @ b))
    distance = root(jnp.sum((a @ left - b @ right.T) ** 2))
    both = jnp.any(x != 0) & jnp.any(y != 0)
    return jnp.where(both, jnp.minimum(distance, jnp.sqrt(2.0).astype(distance.dtype)), jnp.sqrt(2.0))


def quick_chord(
    cross: Float[Array, "n_x n_y"], norms: Float[Array, ""], rows: Callable[[], tuple[Array, Array]]
) -> Float[Array, ""]:
    """`chord` without a gradient.

    Singular values alone take a third of the time of singular vectors; these are asked for where the difference
    2 − 2c has too few digits.

    Args:
        cross: The product xᵀy, up to a rotation of either side.
        norms: ‖x‖‖y‖.
        rows: x and y, where they are asked for.
    """
    square = 2 - 2 * ratio(jnp.sum(singular_values(cross)), norms)
    near = square < jnp.sqrt(jnp.finfo(square.dtype).eps)
    return jax.lax.cond(near, lambda: chord(*rows()), lambda: jnp.sqrt(jnp.maximum(square, 0)))


def angle(distance: Float[Array, ""]) -> Float[Array, ""]:
    """The angle at the centre of a unit sphere between points that far apart: arccos(1 − d²/2)."""
    return 2 * jnp.arcsin(distance / 2)


def _normalised(rows: Float[Array, "r n"]) -> Float[Array, "r n"]:
    return ratio(rows, root(jnp.sum(rows * rows)))
