"""Vital sets: units that a unit cannot do without all of, though it can without all but one."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.matching import removal
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.removal import Left, Spans


class Vital(NamedTuple):
    """A set of units that v cannot do without all of."""

    units: Bool[Array, "2 n"]
    missed: Bool[Array, ""]
    """Whether v is there without them all the same: where residuals tie with ε, rounding may decide so."""


class _Search(NamedTuple):
    vital: Bool[Array, "2 n"]
    candidates: Bool[Array, "2 n"]
    survives: Bool[Array, ""]
    """Whether v is in a match without the vital units."""
    done: Bool[Array, ""]


class _Removals(NamedTuple):
    left: Left
    last: Bool[Array, "2 n"]
    """The unit that was tried last."""
    begun: Bool[Array, ""]
    """Whether those that go first are gone, and v is still there."""


def vital_set(
    maximum: DualBasis,
    threshold: Float[Array, ""],
    spared: Bool[Array, "2 n"],
    v: Bool[Array, "2 n"],
    rank: Int[Array, "2 n"],
) -> Vital:
    """A set of units, none of them spared, without which v is in no match; and with any one of them back, it is in one.

    Units are removed in their order, each with what it drives over ε, until v goes too: then the last one is vital.
    It is removed first of all, and the others before it again in their order, until v goes with the vital ones alone.

    Args:
        maximum: The dual basis of the maximum match.
        threshold: The squared residual up to which a unit is matched.
        spared: Units that may not be in the set; v among them, and v must be in no match of these alone.
        v: The unit, alone in the mask.
        rank: The order in which removals are tried.
    """

    def another(search: _Search) -> _Search:
        last, survives = _last_before_v_goes(maximum, threshold, search.vital, search.candidates, v, rank)
        more = jnp.any(last)
        earlier = search.candidates & (rank < jnp.max(jnp.where(last, rank, -1)))
        candidates = jnp.where(more, earlier, search.candidates)
        return _Search(search.vital | last, candidates, survives & ~more, ~more)

    there = jnp.any(maximum.active & v)
    start = _Search(jnp.zeros_like(v), maximum.active & ~spared, jnp.asarray(False), ~there)
    found = jax.lax.while_loop(lambda search: ~search.done, another, start)
    return Vital(found.vital, found.survives)


def _last_before_v_goes(
    maximum: DualBasis,
    threshold: Float[Array, ""],
    first: Bool[Array, "2 n"],
    candidates: Bool[Array, "2 n"],
    v: Bool[Array, "2 n"],
    rank: Int[Array, "2 n"],
) -> tuple[Bool[Array, "2 n"], Bool[Array, ""]]:
    """Removes units one after the other until v goes.

    Args:
        maximum: The dual basis of the maximum match.
        threshold: The squared residual up to which a unit is matched.
        first: Those that go before all others.
        candidates: Those that then go in their order.
        v: The unit, alone in the mask.
        rank: The order.

    Returns:
        The candidate that went last, if any was tried, and whether v was there without the first ones.
    """

    def driven(left: Left) -> Bool[Array, "2 n"]:
        return left.active & (first | (left.squared > threshold))

    def there(left: Left) -> Bool[Array, ""]:
        return jnp.any(v & left.active & ~driven(left))

    def unfinished(state: _Removals) -> Array:
        return there(state.left) & jnp.any(driven(state.left) | (candidates & state.left.active))

    def step(spans: Spans, directions: Array, state: _Removals) -> tuple[Array, _Removals]:
        left = state.left
        open_ = candidates & left.active
        chosen = open_ & (rank == jnp.min(jnp.where(open_, rank, rank.size)))
        settling = jnp.any(driven(left))
        going = jnp.where(settling, driven(left), chosen)
        directions, left = removal.remove(spans, directions, left, *removal.worst(going, left.squared))
        return directions, _Removals(left, jnp.where(settling, state.last, chosen), state.begun | ~settling)

    spans, left = removal.begin(maximum)
    start = _Removals(left, jnp.zeros_like(candidates), jnp.asarray(False))
    end = removal.in_blocks(spans, start, unfinished, step)[1]
    return end.last, end.begun | there(end.left)
