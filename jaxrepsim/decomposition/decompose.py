"""The decomposition of a match into simple ones."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.maximum import maximum_match
from jaxrepsim.matching.minimal import minimal_matches
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.numerics.products import with_all_digits


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


@with_all_digits
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
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, an ε outside [0, 1), or a match of another shape.

    Source: Wang et al. 2018 (arXiv:1810.11750), the decomposition theorem, section 3.2.

    >>> import jax.numpy as jnp
    >>> found = decompose(jnp.eye(3), jnp.eye(3), 0.1)
    >>> found.chosen.sum(), found.parts.size[found.chosen].tolist(), bool(found.whole)
    (Array(3, dtype=int32), [2, 2, 2], True)
    """
    x, y = as_activations(x, y)
    if match is None:
        match = maximum_match(x, y, epsilon)
    elif (jnp.shape(match.x), jnp.shape(match.y)) != (x.shape[1:], y.shape[1:]):
        raise ValueError(
            f"a match of {x.shape[1]} and {y.shape[1]} units is needed, received masks of the shapes"
            f" {jnp.shape(match.x)} and {jnp.shape(match.y)}"
        )
    match = Match(jnp.asarray(match.x, bool), jnp.asarray(match.y, bool))
    parts = minimal_matches(x * match.x, y * match.y, epsilon)
    return Decomposition(match, parts, none_to_spare(jnp.concatenate([parts.x, parts.y], axis=1)))


def none_to_spare(parts: Bool[Array, "n n"]) -> Bool[Array, "n"]:
    """Which sets to keep, so that their union is that of all and each holds something of its own; small ones go first.

    Args:
        parts: Sets of units, a row each; empty ones are not kept.
    """
    order = jnp.argsort(jnp.sum(parts, axis=1))

    def consider(step: Array, state: tuple[Array, Array]) -> tuple[Array, Array]:
        chosen, holders = state
        part = order[step]
        spare = jnp.all(~parts[part] | (holders > 1))
        return chosen.at[part].set(~spare), holders - jnp.where(spare, parts[part], 0)

    everything = jnp.ones(len(parts), bool), jnp.sum(parts, axis=0)
    return jax.lax.fori_loop(0, len(parts), consider, everything)[0]
