"""Removing units from a dual basis, with the way back kept open.

When unit k of a network goes, its span loses q = w_k/|w_k|. For every unit of another network its r² on this span grows
by c², with c = q·t. All terms are added, none subtracted, and the condition number enters once, not squared as it would
by downdating an inverse Gram matrix.

The directions that one network loses, one after the other, are orthogonal. So W and T can be left as they were while
the directions Q are *held*: the dual vector of the next unit is its row of W less its part in Q, and q·t is the same
for the old t and the new. A removal then reads T once and writes only a vector, it is taken back by forgetting its
direction, and b of them are applied at once as matrix products, W ← W − (WQ)Qᵀ and T ← T − Q(QᵀT).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.others import largest
from jaxrepsim.numerics.projection import ridge
from jaxrepsim.numerics.varying import varying_like

BLOCK = 32
"""How many directions are applied at once."""


def at_once(units: int) -> int:
    """How many units of a network may go in one step, where it has so many.

    With wide networks a step waits for memory: a product with eight directions reads as much as with one.

    >>> [at_once(units) for units in (16, 128, 512, 4096)]
    [1, 1, 4, 8]
    """
    return min(max(units // 128, 1), 8)


State = Any
Predicate = Callable[[State], Array]
Step = Callable[["Spans", Array, State], tuple[Array, State]]


class Spans(NamedTuple):
    """What a removal reads: the dual bases of all networks, less the directions that were applied."""

    dual: Float[Array, "k n n"]
    coordinates: Float[Array, "k n others"]
    ridged: Bool[Array, ""]
    """Whether a ridge stands below the bases."""
    dependent: Bool[Array, ""]
    """Whether it does, and some unit's dual vector is so long that its rows matter."""


class Left(NamedTuple):
    """What is left after removals: small, so that it can be kept and gone back to."""

    apart: Float[Array, "k others"]
    """[network, unit]: squared residual of a unit of another network on the active units of this one."""
    active: Bool[Array, "k n"]
    held: Int[Array, "k"]
    """How many directions of each network are held."""

    @property
    def squared(self) -> Float[Array, "k n"]:
        """[network, unit]: a unit's squared residual on the active units of another network, the largest over these."""
        return largest(self.apart)


def begin(basis: DualBasis) -> tuple[Spans, Left]:
    """All active units of the basis are left, no direction is held."""
    left = Left(basis.apart, basis.active, jnp.zeros(len(basis.active), int))
    ridged = basis.ridged
    return Spans(basis.dual, basis.coordinates, ridged, _dependent(ridged, basis.dual, basis.active)), left


def worst(
    going: Bool[Array, "k n"], squared: Float[Array, "k n"], count: int = 1
) -> tuple[Int[Array, "k count"], Bool[Array, "k count"]]:
    """Of the units that are to go those of the largest residuals: which they are, and whether there are so many."""
    units, many = [], jnp.sum(going, axis=1, keepdims=True)
    for _ in range(count):  # sorting, as `top_k` does, takes twice as long in searches
        unit = jnp.argmax(jnp.where(going, squared, -1.0), axis=1)
        units.append(unit)
        going = going & (jnp.arange(going.shape[1]) != unit[:, None])
    return jnp.stack(units, axis=1), jnp.arange(count) < many


def remove(
    spans: Spans,
    directions: Float[Array, "k capacity n"],
    left: Left,
    units: Int[Array, "k b"],
    present: Bool[Array, "k b"],
) -> tuple[Float[Array, "k capacity n"], Left]:
    """Removes active units of each network: `present` says which of them are to go.

    Args:
        spans: All networks.
        directions: Those held are the first `left.held` of each network; what lies beyond has no meaning.
        left: The state before.
        units: Different ones of each network.
        present: Whether each is to go; those of a network that go stand before those that stay.

    Returns:
        The directions with the new ones, and the state after.
    """
    every = range(len(units))
    rows = jnp.take_along_axis(spans.dual, units[:, :, None], axis=1)
    lost = jnp.where(present[:, :, None], _orthonormal(rows, directions, left.held), 0.0)
    taken = jnp.einsum("sbk,skn->sbn", lost, spans.coordinates)
    growth = _less_the_ridge(spans, left, lost, taken**2)
    gone = jnp.any(present[:, :, None] & (jnp.arange(lost.shape[2]) == units[:, :, None]), axis=1)
    for a in every:
        directions = jax.lax.dynamic_update_slice(directions, lost[a : a + 1], (a, left.held[a], 0))
    held = left.held + jnp.sum(present, axis=1)
    return directions, Left(left.apart + jnp.sum(growth, axis=1), left.active & ~gone, held)


def _orthonormal(rows: Float[Array, "k b n"], directions: Array, held: Int[Array, "k"]) -> Float[Array, "k b n"]:
    """By Gram and Schmidt, against what is held and then one after the other, each from all those after it."""
    for _ in range(2):  # the second time for the digits that the first one loses
        rows = _orthogonalised(rows, directions, held)
    b = rows.shape[1]
    for place in [*range(b - 1)] * 2:
        row = rows[:, place : place + 1]
        along = jnp.sum(row * rows, axis=2, keepdims=True)  # one kernel, its own square among them
        square = along[:, place : place + 1]
        share = jnp.where(jnp.arange(b)[:, None] > place, along / jnp.where(square > 0, square, 1.0), 0.0)
        rows = rows - share * row
    length = jnp.linalg.norm(rows, axis=2, keepdims=True)
    return rows / jnp.where(length > 0, length, 1.0)


def _less_the_ridge(
    spans: Spans, left: Left, lost: Float[Array, "k b n"], growth: Float[Array, "k b others"]
) -> Float[Array, "k b others"]:
    """What residuals grow by, where directions may lie in the ridge's rows.

    A direction q is Σ (w_j·q) b_j over the active units, so its share in these rows is known. What lies there was never
    in the span: the unit depends on others, and nothing is lost with it.
    """
    share = jax.lax.cond(
        spans.dependent,
        lambda: (
            ridge(lost.dtype) ** 2
            * jnp.sum(jnp.where(left.active[:, None], jnp.einsum("snk,sbk->sbn", spans.dual, lost), 0.0) ** 2, axis=2)
        ),
        lambda: 0 * lost[:, :, 0],
    )[:, :, None]
    return jnp.where(share < 0.5, growth / (1 - jnp.minimum(share, 0.5)), 0.0)


def in_blocks(
    spans: Spans, state: State, unfinished: Predicate, step: Step, busy: Predicate | None = None
) -> tuple[Spans, State]:
    """Repeats a step, and applies the held directions whenever a block is full.

    Args:
        spans: All networks.
        state: What a step changes; a NamedTuple with a field `left`.
        unfinished: Whether there is more to do.
        step: `(spans, directions, state) -> (directions, state)`, with at most `at_once(n)` removals of each network.
        busy: Whether the state may yet be gone back to an earlier `left`, so that nothing can be applied now.

    Returns:
        Both, no direction held.
    """
    k, n, _ = spans.dual.shape
    # Where a step cannot be busy a block suffices; else there is room for all units and what an idle network writes.
    capacity = BLOCK if busy is None else -(-(n + at_once(n)) // BLOCK) * BLOCK

    def room(carry: tuple[Array, State]) -> Array:
        state = carry[1]
        full = jnp.max(state.left.held) > BLOCK - at_once(n)
        return unfinished(state) & (~full if busy is None else ~full | busy(state))

    def block(both: tuple[Spans, State]) -> tuple[Spans, State]:
        spans, state = both
        directions = varying_like(jnp.zeros((k, capacity, n), spans.dual.dtype), spans.dual, state.left.held)
        directions, state = jax.lax.while_loop(room, lambda carry: step(spans, *carry), (directions, state))
        spans, left = _applied(spans, directions, state.left)
        return spans, state._replace(left=left)

    return jax.lax.while_loop(lambda both: unfinished(both[1]), block, (spans, state))


def _applied(spans: Spans, directions: Float[Array, "k capacity n"], left: Left) -> tuple[Spans, Left]:
    """Takes the held directions out of all networks; none is held afterwards."""

    def one(block: Int[Array, ""], both: tuple[Array, Array]) -> tuple[Array, Array]:
        dual, coordinates = both
        q = _block(directions, block, left.held)
        dual = dual - jnp.einsum("snb,sbk->snk", jnp.einsum("snk,sbk->snb", dual, q), q)
        return dual, coordinates - jnp.einsum("sbk,sbn->skn", q, jnp.einsum("sbk,skn->sbn", q, coordinates))

    dual, coordinates = jax.lax.fori_loop(0, _blocks(left.held), one, (spans.dual, spans.coordinates))
    dependent = _dependent(spans.ridged, dual, left.active)
    return Spans(dual, coordinates, spans.ridged, dependent), left._replace(held=jnp.zeros_like(left.held))


def _orthogonalised(rows: Float[Array, "k b n"], directions: Array, held: Int[Array, "k"]) -> Float[Array, "k b n"]:
    def less(block: Int[Array, ""] | int, rows: Array) -> Array:
        q = _block(directions, block, held)
        return rows - jnp.einsum("sbh,shn->sbn", jnp.einsum("shn,sbn->sbh", q, rows), q)

    return less(0, rows) if directions.shape[1] == BLOCK else jax.lax.fori_loop(0, _blocks(held), less, rows)


def _blocks(held: Int[Array, "k"]) -> Int[Array, ""]:
    return -(-jnp.max(held) // BLOCK)


def _block(directions: Array, block: Int[Array, ""] | int, held: Int[Array, "k"]) -> Float[Array, "k block n"]:
    """A block of the held directions, zero where there are no more of them."""
    q = jax.lax.dynamic_slice_in_dim(directions, block * BLOCK, BLOCK, axis=1)
    return jnp.where((block * BLOCK + jnp.arange(BLOCK) < held[:, None])[:, :, None], q, 0.0)


def _dependent(ridged: Bool[Array, ""], dual: Float[Array, "k n n"], active: Bool[Array, "k n"]) -> Bool[Array, ""]:
    weight = jnp.max(jnp.sum(jnp.where(active, jnp.sum(dual**2, axis=2), 0.0), axis=1))
    return ridged & (ridge(dual.dtype) ** 2 * weight > 10 * jnp.finfo(dual.dtype).eps)
