"""Vital sets: units that a unit cannot do without all of, though it can without all but one."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Int
from jaxrepsim.decomposition.queries import Queries, without
from jaxrepsim.matching import removal
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


class _Removals(NamedTuple):
    left: Left
    last: Bool[Array, "2 n"]
    """The unit that was tried last."""


def vital_set(queries: Queries, spared: Bool[Array, "2 n"], v: Bool[Array, "2 n"], rank: Int[Array, "2 n"]) -> Vital:
    """A set of units, none of them spared, without which v is in no match; and with any one of them back, it is in one.

    Units are removed in their order, each with what it drives over ε, until v goes too: then the last one is vital.
    It is removed first of all, and the others before it again in their order, until v goes with the vital ones alone.

    Args:
        queries: The pair.
        spared: Units that may not be in the set; v among them, and v must be in no match of these alone.
        v: The unit, alone in the mask.
        rank: The order in which removals are tried.
    """

    def another(search: _Search) -> _Search:
        spans, left = without(queries, search.vital)
        last = _last_before_v_goes(spans, left, queries, search.candidates, v, rank)
        earlier = search.candidates & (rank < jnp.max(jnp.where(last, rank, -1)))
        vital = search.vital | last
        return _Search(vital, earlier, jnp.any(without(queries, vital)[1].active & v))

    start = _Search(jnp.zeros_like(v), queries.maximum.active & ~spared, jnp.any(queries.maximum.active & v))
    found = jax.lax.while_loop(lambda search: search.survives & jnp.any(search.candidates), another, start)
    return Vital(found.vital, found.survives)


def _last_before_v_goes(
    spans: Spans, left: Left, queries: Queries, candidates: Array, v: Array, rank: Array
) -> Bool[Array, "2 n"]:
    def over(left: Left) -> Bool[Array, "2 n"]:
        return left.active & (left.squared > queries.threshold)

    def unfinished(state: _Removals) -> Array:
        alive = jnp.any(v & state.left.active & ~over(state.left))
        return alive & jnp.any(over(state.left) | (candidates & state.left.active))

    def step(spans: Spans, directions: Array, state: _Removals) -> tuple[Array, _Removals]:
        left = state.left
        driven = over(left)
        open_ = candidates & left.active
        chosen = open_ & (rank == jnp.min(jnp.where(open_, rank, rank.size)))
        settling = jnp.any(driven)
        going = jnp.where(settling, driven, chosen)
        unit = jnp.argmax(jnp.where(going, left.squared, -1.0), axis=1)
        directions, left = removal.remove(spans, directions, left, unit, jnp.any(going, axis=1))
        return directions, _Removals(left, jnp.where(settling, state.last, chosen))

    start = _Removals(left, jnp.zeros_like(candidates))
    return removal.in_blocks(spans, start, unfinished, step)[1].last
