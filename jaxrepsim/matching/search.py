"""The search for a minimal match: which units can go, so that one unit stays matched?

First what is asked to go goes, and whatever is over ε after it, until nothing is: that leaves the maximum match of the
rest. Then deletions are tried in an order. Each begins a trial: the unit is removed, then whatever its removal drives
over ε. It succeeds when v is still there, and the smaller match is kept; else it is taken back, and the unit is
*necessary* for v. Whether v survives is monotone in the set of units that are left, so one pass over the order
suffices, and a unit that was necessary once is necessary in every smaller match. That is what makes failing cheap: a
trial is over as soon as it drives out any necessary unit, not only v, and mostly its first removal does. Last, v itself
is taken out: what then is left says for which other units the match is minimal too.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int, Values
from jaxrepsim.matching import removal
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.removal import Left, Spans
from jaxrepsim.numerics.varying import varying_like


class Question(NamedTuple):
    """What is asked of the units that a dual basis holds; leading axes are batches."""

    gone: Bool[Values, "*batch 2 n"]
    """Units that are to go."""
    unit: Int[Values, "*batch"]
    """v, counted through both padded sides; −1 where only the maximum match without those is asked for."""
    rank: Int[Values, "*batch 2 n"]
    """The place of each unit in the order in which deletions are tried."""


class Answer(NamedTuple):
    """Leading axes are batches."""

    match: Bool[Values, "*batch 2 n"]
    """A v-minimal match, nothing where v is in no match; without a v the maximum match."""
    rest: Bool[Values, "*batch 2 n"]
    """The maximum match inside it without v."""


class _Search(NamedTuple):
    """Trials one after the other, each of as many removals as it takes to settle."""

    left: Left
    """The smallest match so far that holds v; in a forced trial, what that has left."""
    trial: Left
    """What the trial under way has left."""
    trying: Bool[Array, ""]
    """Whether a trial is under way."""
    forced: Bool[Array, ""]
    """Whether it is one that is not taken back, the first or the last: `left` is what it has left."""
    last: Bool[Array, ""]
    """Whether it is the last one."""
    asked: Bool[Array, "2 n"]
    """The units it is to remove, besides those over ε."""
    necessary: Bool[Array, "2 n"]
    """v, and the units whose deletion v did not survive: it does not survive it in a smaller match either."""
    match: Bool[Array, "2 n"]
    """The answer, once it is there."""
    done: Bool[Array, ""]


def search(basis: DualBasis, question: Question, threshold: Float[Array, ""]) -> Answer:
    """A v-minimal match inside the maximum match of some units.

    Args:
        basis: Of the units.
        question: Which are to go first, and v.
        threshold: The squared residual up to which a unit is matched.
    """
    spans, left = removal.begin(basis)
    n = left.active.shape[1]
    v = (jnp.arange(2 * n) == question.unit).reshape(2, n)
    yes, no = jnp.asarray(True), jnp.asarray(False)
    nothing = jnp.zeros_like(v)
    start = _Search(left, left, yes, yes, no, question.gone, v, nothing, no)
    start = varying_like(start, basis.dual, question.gone, question.unit, question.rank, threshold)

    def step(spans: Spans, directions: Array, now: _Search) -> tuple[Array, _Search]:
        # Where no trial is under way one begins: of the first unit that is open, or the last one, of v.
        open_units = now.left.active & ~now.necessary
        first = jnp.argmin(jnp.where(open_units, question.rank, jnp.iinfo(question.rank.dtype).max))
        none_open = ~jnp.any(open_units)
        chosen = jnp.where(none_open, v, (jnp.arange(2 * n) == first).reshape(2, n))
        last = jnp.where(now.trying, now.last, none_open)
        forced = jnp.where(now.trying, now.forced, none_open)
        asked = jnp.where(now.trying, now.asked, chosen)
        match = jnp.where(last & ~now.trying, now.left.active, now.match)
        # A forced trial is kept whatever comes of it, so it goes on from what is left: only there held directions are
        # applied and forgotten.
        may_be_taken_back = now.trying & ~now.forced
        here = jax.tree.map(lambda a, b: jnp.where(may_be_taken_back, a, b), now.trial, now.left)

        def going(left: Left) -> Bool[Array, "2 n"]:
            return left.active & (asked | (left.squared > threshold))

        directions, after = removal.remove(spans, directions, here, *removal.worst(going(here), here.squared))

        failed = ~forced & jnp.any(after.active & (after.squared > threshold) & now.necessary)
        settled = ~failed & ~jnp.any(going(after))
        begun = settled & forced & ~last  # the first trial is over
        searching = jnp.any(after.active & v)
        return directions, _Search(
            left=jax.tree.map(lambda a, b: jnp.where(settled | forced, a, b), after, now.left),
            trial=after,
            trying=~failed & ~settled,
            forced=forced,
            last=last,
            asked=asked,
            necessary=now.necessary | (asked & failed),
            match=jnp.where(begun & (question.unit < 0), after.active, match),
            done=settled & (last | (begun & ~searching)),
        )

    _, end = removal.in_blocks(spans, start, lambda now: ~now.done, step, busy=lambda now: now.trying & ~now.forced)
    return Answer(end.match, end.left.active)
