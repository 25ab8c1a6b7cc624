"""The search for a minimal match: which units can go, so that one unit stays matched?

Deletions are tried in an order. Each begins a trial: the unit is removed, then whatever its removal drives over ε,
until nothing more is. It succeeds when v is still there, and the smaller match is kept; else it is taken back, and the
unit is *necessary* for v. Whether v survives is monotone in the set of units that are left, so one pass over the order
suffices, and a unit that was necessary once is necessary in every smaller match. That is what makes failing cheap: a
trial is over as soon as it drives out any necessary unit, not only v, and mostly its first removal does.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.matching import dual_basis, removal
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.removal import Left, Spans


class _Search(NamedTuple):
    """Deletions are tried one after the other; each is a trial of as many removals as it takes to settle."""

    left: Left
    """The smallest match so far that holds v."""
    trial: Left
    """What the trial under way has left."""
    trying: Bool[Array, ""]
    """Whether a trial is under way."""
    deleted: Bool[Array, "2 n"]
    """The unit it began with."""
    necessary: Bool[Array, "2 n"]
    """v, and the units whose deletion v did not survive: it does not survive it in a smaller match either."""


def shrink(
    spans: Spans, left: Left, threshold: Float[Array, ""], v: Bool[Array, "2 n"], rank: Int[Array, "2 n"]
) -> tuple[Spans, Left]:
    """A v-minimal match inside a match.

    Args:
        spans: Both sides, no direction held.
        left: The match.
        threshold: ε².
        v: The unit, alone in the mask.
        rank: The place of each unit in the order in which deletions are tried.

    Returns:
        The state of the v-minimal match, no direction held; nothing is active in it where v is not in the match.
    """
    n = left.active.shape[1]
    nothing = jnp.zeros_like(v)
    holds_v = jnp.any(left.active & v)
    search = _Search(left, left, jnp.asarray(False), nothing, v)

    def open_units(search: _Search) -> Array:
        return search.left.active & ~search.necessary

    def unfinished(search: _Search) -> Array:
        return holds_v & (search.trying | jnp.any(open_units(search)))

    def step(spans: Spans, directions: Array, search: _Search) -> tuple[Array, _Search]:
        here = jax.tree.map(lambda a, b: jnp.where(search.trying, a, b), search.trial, search.left)
        over = here.active & (here.squared > threshold)
        candidates = open_units(search)
        first = jnp.argmin(jnp.where(candidates, rank, jnp.iinfo(rank.dtype).max))
        chosen = (jnp.arange(2 * n).reshape(2, n) == first) & candidates
        unit = jnp.argmax(jnp.where(search.trying, jnp.where(over, here.squared, -1.0), chosen), axis=1)
        present = jnp.any(jnp.where(search.trying, over, chosen), axis=1)
        directions, after = removal.remove(spans, directions, here, unit, present)

        deleted = jnp.where(search.trying, search.deleted, chosen)
        over = after.active & (after.squared > threshold)
        failed = jnp.any(over & search.necessary)
        settled = ~failed & ~jnp.any(over)
        return directions, _Search(
            left=jax.tree.map(lambda a, b: jnp.where(settled, a, b), after, search.left),
            trial=after,
            trying=~failed & ~settled,
            deleted=deleted,
            necessary=search.necessary | (deleted & failed),
        )

    spans, search = removal.in_blocks(spans, search, unfinished, step, busy=lambda search: search.trying)
    return spans, search.left._replace(active=search.left.active & holds_v)


def cascade(
    spans: Spans, left: Left, threshold: Float[Array, ""], units: Bool[Array, "2 n"] | None = None
) -> tuple[Spans, Left]:
    """The maximum match among what is left without some units: those go, and then whatever is over ε.

    Args:
        spans: Both sides, no direction held.
        left: The units to begin with, a match or not.
        threshold: ε².
        units: Those that are to go; by default none.

    Returns:
        The state of the match, no direction held.
    """
    asked = jnp.zeros_like(left.active) if units is None else units

    def going(left: Left) -> Bool[Array, "2 n"]:
        return left.active & (asked | (left.squared > threshold))

    def step(spans: Spans, directions: Array, cascade: _Cascade) -> tuple[Array, _Cascade]:
        left = cascade.left
        worst = jnp.argmax(jnp.where(cascade.going, left.squared, -1.0), axis=1)
        directions, left = removal.remove(spans, directions, left, worst, jnp.any(cascade.going, axis=1))
        return directions, _Cascade(going(left), left)

    first = _Cascade(going(left), left)
    spans, last = removal.in_blocks(spans, first, lambda cascade: jnp.any(cascade.going), step)
    return spans, last.left


class _Cascade(NamedTuple):
    going: Bool[Array, "2 n"]
    """Those of which the worst of each side goes next."""
    left: Left


def maximum_basis(x: Float[Array, "m n_x"], y: Float[Array, "m n_y"], threshold: Float[Array, ""]) -> DualBasis:
    """The dual basis of the maximum match alone, factored afresh: nothing of the removed units is left in it."""
    products = dual_basis.gram(x, y)
    everything = dual_basis.init(x, y, products)
    _, left = cascade(*removal.begin(everything), threshold)
    return dual_basis.init(x, y, dual_basis.among(products, left.active))
