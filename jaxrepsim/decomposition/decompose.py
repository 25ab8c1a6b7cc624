"""The decomposition of a match into simple ones."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Values
from jaxrepsim.matching.asked import Asked, as_values
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.minimal import Networks, checked
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.numerics.buckets import cut, padded
from jaxrepsim.numerics.gradients import without_gradient
from jaxrepsim.numerics.inputs import on_device, traced
from jaxrepsim.numerics.varying import varying_like


class Decomposition(NamedTuple):
    """A match as the union of simple matches, none of which can be spared. Leading axes are batches."""

    match: Match
    """(n_x,) and (n_y,): the match."""
    parts: Match
    """(n, n_x) and (n, n_y), by joint index: a v-minimal match inside it for every unit v; empty outside it."""
    chosen: Bool[Array, "*batch n"]
    """Those parts that make up the decomposition."""

    @property
    def union(self) -> Match:
        """The union of the chosen parts."""
        chosen = self.chosen[..., None]
        return Match(jnp.any(self.parts.x & chosen, axis=-2), jnp.any(self.parts.y & chosen, axis=-2))

    @property
    def whole(self) -> Bool[Array, "*batch"]:
        """Whether the union is the match: false only where what was given is no ε-match."""
        union = self.union
        return jnp.all(union.x == self.match.x, axis=-1) & jnp.all(union.y == self.match.y, axis=-1)


def decompose(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike, match: Match | None = None) -> Decomposition:
    """Writes a match as a union of simple matches, by default the maximum match.

    A match is simple when it is not a union of smaller ones; that is so exactly when it is v-minimal for some unit v.
    Every match is the union of a v-minimal match for each of its units. From these, parts whose units others hold
    too are left out, the smallest first, so that in the end each part holds a unit that no other does. Where several
    v-minimal matches exist a decomposition is one of several; where each unit has a v-minimum match the parts are the
    maximal ones among those, and the decomposition is the only one without spare parts.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1).
        match: An ε-match, masks (n_x,) and (n_y,). `whole` says whether it was one.

    Returns:
        The parts; `union` and `whole` check them against the match.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, an ε that is not one number in [0, 1), a match of
            another shape, or a concrete activation that is NaN or infinite. Where one is traced, no unit is
            in any match.

    Source: Wang et al. 2018 (arXiv:1810.11750), the decomposition theorem, section 3.2.

    >>> import jax.numpy as jnp
    >>> found = decompose(jnp.eye(3), jnp.eye(3), 0.1)
    >>> found.chosen.sum(), found.parts.size[found.chosen].tolist(), bool(found.whole)
    (Array(3, dtype=int32), [2, 2, 2], True)
    """
    networks = checked(x, y, epsilon)
    given: tuple[Values, Values] | None = None
    if match is not None:
        shapes, wanted = [jnp.shape(match.x), jnp.shape(match.y)], [network.shape[1:] for network in networks]
        if shapes != wanted:
            raise ValueError(
                f"a match of {wanted[0][0]} and {wanted[1][0]} units is needed, received masks of the shapes"
                f" {shapes[0]} and {shapes[1]}"
            )
        given = (_as_mask(match.x), _as_mask(match.y))
    call = _compiled if traced(networks, epsilon, given) else _decompose
    return call(networks, epsilon, given)


def _decompose(networks: Networks, epsilon: ArrayLike, given: tuple[Values, Values] | None) -> Decomposition:
    if given is not None:
        kept = [as_values(network) * units for network, units in zip(networks, given, strict=True)]
        networks = tuple(on_device(network) for network in kept)
    asked = Asked(prepared(networks), epsilon)
    parts = asked.nested(np.arange(asked.units))
    joint = asked.joint(parts)
    # The minimal matches of all units together are the maximum match.
    whole = asked.ready.as_match(parts.any(axis=0))
    match = whole if given is None else whole._replace(x=on_device(given[0]), y=on_device(given[1]))
    if traced(joint):
        chosen = none_to_spare(joint)
    else:  # an empty set is never kept
        size = 2 * asked.ready.n
        chosen = cut(_none_to_spare(padded(joint, (size, size))), (asked.units,))
    return Decomposition(match, asked.ready.as_match(parts), chosen)


def _as_mask(side: Values) -> Values:
    return side if traced(side) else np.asarray(side, bool)


def none_to_spare(parts: Bool[Array, "n n"]) -> Bool[Array, "n"]:
    """Which sets to keep, so that their union is that of all and each holds something of its own; small ones go first.

    Args:
        parts: Sets of units, a row each; empty ones are not kept.
    """
    order = jnp.argsort(jnp.sum(parts, axis=1))

    def consider(step: Values, state: tuple[Values, Values]) -> tuple[Values, Values]:
        chosen, holders = state
        part = order[step]
        spare = jnp.all(~parts[part] | (holders > 1))
        return chosen.at[part].set(~spare), holders - jnp.where(spare, parts[part], 0)

    everything = varying_like((jnp.ones(len(parts), bool), jnp.sum(parts, axis=0)), parts)
    return jax.lax.fori_loop(0, len(parts), consider, everything)[0]


_none_to_spare = jax.jit(none_to_spare)
_compiled = jax.jit(without_gradient(_decompose))
