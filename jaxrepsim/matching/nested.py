"""Minimal matches of many units, each searched inside a match that is known already.

Let M be a v-minimal match, and K the maximum match inside M without v. A match inside M either holds v, and then is M;
or it lies in K. So M is the minimal match of every unit of M outside K, with no search of its own; and for a unit of K
there is one inside K.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, Bool, Float, Int
from jaxrepsim.matching import dual_basis, removal
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.search import cascade, shrink


class _Known(NamedTuple):
    match: Bool[Array, "k 2 n"]
    """For each unit the smallest known match that holds it; nothing where none does."""
    minimal: Bool[Array, "k"]
    """Whether it is a minimal one."""


def nested(
    x: Float[Array, "m n_x"],
    y: Float[Array, "m n_y"],
    maximum: DualBasis,
    threshold: Float[Array, ""],
    units: Bool[Array, "k 2 n"],
    rank: Int[Array, "2 n"],
) -> Bool[Array, "k 2 n"]:
    """A v-minimal match of every unit v.

    Args:
        x: (samples, n_x), activations.
        y: (samples, n_y), activations on the same samples.
        maximum: The dual basis of the maximum match.
        threshold: ε².
        units: k units, each alone in its mask.
        rank: The place of each unit in the order in which deletions are tried.

    Returns:
        k masks, empty for a unit that is not in the maximum match.
    """

    def holding(match: Array) -> Bool[Array, "k"]:
        return jnp.any(units & match, axis=(1, 2))

    def size(match: Array) -> Int[Array, "..."]:
        return jnp.sum(match, axis=(-2, -1))

    def settle_more(known: _Known) -> _Known:
        chosen = jnp.argmin(jnp.where(known.minimal, known.match.size, size(known.match)))
        v, within = units[chosen], known.match[chosen]
        start = jax.lax.cond(
            jnp.all(within == maximum.active),
            lambda: maximum,
            lambda: dual_basis.init(x, y, dual_basis.among(products, within)),
        )
        spans, left = shrink(*removal.begin(start), threshold, v, rank)
        without = cascade(spans, left, threshold, v)[1].active
        found = jnp.any(v & left.active)
        settled = ~known.minimal & jnp.where(found, holding(left.active & ~without), holding(v))
        smaller = ~known.minimal & holding(without) & (size(without) < size(known.match))
        match = jnp.where(settled[:, None, None], left.active, jnp.where(smaller[:, None, None], without, known.match))
        return _Known(match, known.minimal | settled)

    if len(units) == 0:
        return units
    products = dual_basis.gram(x, y)
    in_maximum = holding(maximum.active)
    known = _Known(in_maximum[:, None, None] & maximum.active, ~in_maximum)
    return jax.lax.while_loop(lambda known: ~jnp.all(known.minimal), settle_more, known).match
