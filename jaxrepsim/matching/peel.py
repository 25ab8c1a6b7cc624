"""Peeling: every unit's critical ε at once, of any number of networks.

Remove the unit with the largest residual, again and again; its critical ε is the running minimum of these largest
residuals. The worst unit of every network can go in one step as long as it lies at that minimum or above: residuals
only grow, so it would go before the minimum falls any further.
"""

from typing import NamedTuple

import jax.numpy as jnp

from jaxrepsim._typing import Array, Float
from jaxrepsim.matching import removal
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.removal import Left, Spans
from jaxrepsim.numerics.precision import as_residual
from jaxrepsim.numerics.varying import varying_like


def critical_values(basis: DualBasis) -> Float[Array, "k n"]:
    """Every unit's critical ε; infinite where the unit is not active in the basis."""
    spans, left = removal.begin(basis)
    start = _State(left, jnp.full(left.active.shape, jnp.inf, left.apart.dtype), jnp.asarray(1.0, left.apart.dtype))
    start = varying_like(start, basis.dual)
    _, end = removal.in_blocks(spans, start, lambda state: jnp.any(state.left.active), _one_step)
    return jnp.where(jnp.isinf(end.critical), jnp.inf, as_residual(end.critical))


class _State(NamedTuple):
    left: Left
    critical: Float[Array, "k n"]
    """The squared critical ε of the units that are gone."""
    level: Float[Array, ""]
    """The running minimum of the largest squared residuals."""


def _one_step(spans: Spans, directions: Array, state: _State) -> tuple[Array, _State]:
    """Removes the worst unit of each network; of one that has none at the level's height or above, none."""
    left = state.left
    values = jnp.where(left.active, left.squared, -1.0)
    worst = jnp.argmax(values, axis=1)
    height = jnp.max(values, axis=1)
    level = jnp.minimum(state.level, jnp.max(height))
    present = (height >= level) & jnp.any(left.active, axis=1)
    gone = present[:, None] & (jnp.arange(values.shape[1]) == worst[:, None])
    critical = jnp.where(gone, level, state.critical)
    directions, left = removal.remove(spans, directions, left, worst, present)
    return directions, _State(left, critical, level)
