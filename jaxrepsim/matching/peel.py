"""Peeling: every unit's critical ε at once, of any number of networks.

Remove the unit with the largest residual, again and again; its critical ε is the running minimum of these largest
residuals. All units that lie at that minimum or above can go in one step: residuals only grow, so they would go before
the minimum falls any further.
"""

from typing import NamedTuple

import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float
from jaxrepsim.matching import removal
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.removal import Left, Spans
from jaxrepsim.numerics.precision import as_residual
from jaxrepsim.numerics.varying import varying_like


class Peeled(NamedTuple):
    """How far a peeling came."""

    squared: Float[Array, "k n"]
    """The squared critical ε of the units that are gone; infinite for all others."""
    active: Bool[Array, "k n"]
    """The units that are left."""
    level: Float[Array, ""]
    """The running minimum of the largest squared residuals."""
    spans: Spans
    """Of what is left; so that a program can peel in the memory of the basis."""


def critical_values(basis: DualBasis) -> Float[Array, "k n"]:
    """Every unit's critical ε; infinite where the unit is not active in the basis."""
    return as_critical(peel_until(basis, 1.0, 0).squared)


def as_critical(squared: Float[Array, "k n"]) -> Float[Array, "k n"]:
    """Critical ε from their squares; infinite stays infinite."""
    return jnp.where(jnp.isinf(squared), jnp.inf, as_residual(squared))


def peel_until(basis: DualBasis, level: Float[Array, ""] | float, least: int) -> Peeled:
    """Peels until no network has more than `least` units.

    Args:
        basis: Of the units that are left.
        level: The running minimum so far, 1 at first.
        least: 0 for to the end.
    """
    spans, left = removal.begin(basis)
    dtype = left.apart.dtype
    level = jnp.asarray(level, dtype)
    start = varying_like(_State(left, jnp.full(left.active.shape, jnp.inf, dtype), level), basis.dual, level)

    def unfinished(state: _State) -> Bool[Array, ""]:
        return jnp.max(jnp.sum(state.left.active, axis=1)) > least

    spans, end = removal.in_blocks(spans, start, unfinished, _one_step)
    return Peeled(end.critical, end.left.active, end.level, spans)


class _State(NamedTuple):
    left: Left
    critical: Float[Array, "k n"]
    """The squared critical ε of the units that are gone."""
    level: Float[Array, ""]
    """The running minimum of the largest squared residuals."""


def _one_step(spans: Spans, directions: Array, state: _State) -> tuple[Array, _State]:
    """Removes the worst units of each network; of one that has none at the level's height or above, none."""
    left = state.left
    level = jnp.minimum(state.level, jnp.max(jnp.where(left.active, left.squared, -1.0)))
    going = left.active & (left.squared >= level)
    chosen = removal.worst(going, left.squared, removal.at_once(going.shape[1]))
    directions, after = removal.remove(spans, directions, left, *chosen)
    critical = jnp.where(left.active & ~after.active, level, state.critical)
    return directions, _State(after, critical, level)
