"""Minimal matches of many units, each searched inside a match that is known already.

Let M be a v-minimal match, and K the maximum match inside M without v. A match inside M either holds v, and then is M;
or it lies in K. So M is the minimal match of every unit of M outside K, with no search of its own; and for a unit of K
there is one inside K.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.matching.dual_basis import Source
from jaxrepsim.matching.search import Question, search
from jaxrepsim.numerics.varying import varying_like


class _Known(NamedTuple):
    match: Bool[Array, "k 2 n"]
    """For each unit the smallest known match that holds it; nothing where none does."""
    minimal: Bool[Array, "k"]
    """Whether it is a minimal one."""
    begun: Bool[Array, ""]
    """Whether the maximum match was found, the first that is known."""


def nested(
    source: Source, threshold: Float[Array, ""], units: Int[Array, "k"], rank: Int[Array, "2 n"]
) -> Bool[Array, "k 2 n"]:
    """A v-minimal match of every unit v.

    Args:
        source: Of the pair.
        threshold: The squared residual up to which a unit is matched.
        units: k units, counted through both padded sides; −1 for none.
        rank: The place of each unit in the order in which deletions are tried.

    Returns:
        k masks, empty for a unit that is not in the maximum match.
    """
    alive = source.alive
    nothing = jnp.zeros_like(alive)

    def holding(match: Array) -> Bool[Array, "k"]:
        return match.reshape(-1)[units] & (units >= 0)

    def size(match: Array) -> Int[Array, "..."]:
        return jnp.sum(match, axis=(-2, -1))

    def settle_more(known: _Known) -> _Known:
        chosen = jnp.argmin(jnp.where(known.minimal, known.match.size, size(known.match)))
        within = jnp.where(known.begun, known.match[chosen], alive)
        v = jnp.where(known.begun, units[chosen], -1)
        match, rest = search(source.basis(within), Question(nothing, v, rank), threshold)
        # Where v was in a match by another factorisation, and a residual ties with ε, it may be in none by this one.
        found = match.reshape(-1)[v] & (v >= 0)
        settled = ~known.minimal & jnp.where(found, holding(match & ~rest), units == v)
        smaller = ~known.minimal & holding(rest) & (size(rest) < size(known.match))
        inside = jnp.where(settled[:, None, None], match, jnp.where(smaller[:, None, None], rest, known.match))
        in_maximum = holding(match)
        return _Known(
            jnp.where(known.begun, inside, in_maximum[:, None, None] & match),
            jnp.where(known.begun, known.minimal | settled, ~in_maximum),
            known.begun | True,
        )

    if len(units) == 0:
        return jnp.zeros((0, *alive.shape), bool)
    known = _Known(jnp.zeros((len(units), *alive.shape), bool), jnp.zeros(len(units), bool), jnp.asarray(False))
    known = varying_like(known, alive, units, rank, threshold)
    return jax.lax.while_loop(lambda known: ~jnp.all(known.minimal), settle_more, known).match
