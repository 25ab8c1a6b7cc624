"""Both networks' units in dual-basis form: the residuals after the removal of one unit, in O(n²).

Take the units of one side as a basis B = Q R (unit-norm columns, with the rows √δ·I below them so that dependent units
are harmless), and the other side's units in its coordinates T = QᵀP. Row k of W = R⁻¹ is the dual vector of unit k:
w_k·r_l = δ_kl. The span of the basis loses exactly the direction q = w_k/|w_k| when unit k goes. So for every unit
of the other side, with c = q·t: r² grows by c², t loses c q, and every other dual vector w loses (w·q) q.

All terms are added, none subtracted, and the condition number enters once, not squared as it would by downdating an
inverse Gram matrix.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.compression.factor import solve_upper
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.compression.scaling import unit_columns
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.projection import factor, project_out, ridge


class DualBasis(NamedTuple):
    """Both sides, stacked: side 0 is x, side 1 is y, both padded with dead units to n = max(n_x, n_y, 1)."""

    dual: Float[Array, "2 n n"]
    """[side, unit]: the dual vector of a unit of the side, in the side's orthonormal coordinates."""
    coordinates: Float[Array, "2 n n"]
    """[side, :, unit]: a unit of the *other* side in this side's coordinates."""
    squared: Float[Array, "2 n"]
    """[side, unit]: the squared residual of a unit of the side on the active units of the other."""
    active: Bool[Array, "2 n"]
    """[side, unit]: the units that are left."""


def init(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"]) -> DualBasis:
    """Factors both sides, all units active but the dead ones."""
    x, y = compress(x, y)
    n = max(x.shape[1], y.shape[1], 1)
    sides, norms = jax.vmap(unit_columns)(jnp.stack([_widen(x, n), _widen(y, n)]))
    dual, coordinates, squared = jax.vmap(_factor)(sides, sides[::-1])
    return DualBasis(dual, coordinates, squared[::-1], norms > 0)


def _factor(side: Float[Array, "m n"], other: Float[Array, "m n"]) -> tuple[Array, Array, Array]:
    """The dual vectors of one side, the other side's coordinates, and its squared residuals."""
    top, triangle = factor(side)
    error = project_out(top, other)
    dual = solve_upper(triangle, jnp.eye(side.shape[1], dtype=side.dtype))
    return dual, top.T @ other, jnp.sum(error * error, axis=0)


def remove(state: DualBasis, side: Int[Array, ""], unit: Int[Array, ""]) -> DualBasis:
    """The state without one unit that is active in it."""
    dual, coordinates = state.dual[side], state.coordinates[side]
    vector = dual[unit]
    lost = vector / jnp.linalg.norm(vector)
    taken = lost @ coordinates
    combination = dual @ lost
    # The direction is Σ (w_j·q) b_j over the active units, so its share in the ridge's rows is known. What lies there
    # was never in the span: the unit depends on others, and nothing is lost with it.
    in_ridge = ridge(dual.dtype) ** 2 * jnp.sum(jnp.where(state.active[side], combination**2, 0.0))
    growth = jnp.where(in_ridge < 0.5, taken**2 / (1 - jnp.minimum(in_ridge, 0.5)), 0.0)
    return DualBasis(
        dual=state.dual.at[side].set(dual - jnp.outer(combination, lost)),
        coordinates=state.coordinates.at[side].set(coordinates - jnp.outer(lost, taken)),
        squared=state.squared.at[1 - side].add(growth),
        active=state.active.at[side, unit].set(False),
    )


def worst(state: DualBasis) -> tuple[Int[Array, ""], Int[Array, ""], Float[Array, ""]]:
    """Side, unit and squared residual of the active unit with the largest residual; −1 where none is active."""
    values = jnp.where(state.active, state.squared, -1.0).ravel()
    flat = jnp.argmax(values)
    n = state.active.shape[1]
    return flat // n, flat % n, values[flat]


def as_match(state: DualBasis, n_x: int, n_y: int) -> Match:
    """The active units as a match, without the padding."""
    return Match(state.active[0, :n_x], state.active[1, :n_y])


def _widen(x: Array, n: int) -> Array:
    return jnp.pad(x, ((0, 0), (0, n - x.shape[1])))
