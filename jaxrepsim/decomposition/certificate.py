"""Certificates: whether a unit has one v-minimal match, or several."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool
from jaxrepsim.decomposition.necessary import by_unit
from jaxrepsim.decomposition.queries import (
    by_joint_index,
    first_matches,
    joint_indices,
    natural_order,
    prepare,
    single_units,
    without,
)
from jaxrepsim.matching import dual_basis
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.search import shrink
from jaxrepsim.matching.side_by_side import side_by_side
from jaxrepsim.numerics.products import with_all_digits


class Certificates(NamedTuple):
    """For every unit v, by joint index: the v-minimum match, or two different v-minimal matches."""

    necessary: Bool[Array, "*batch n n"]
    """[u, v]: every match with v needs u."""
    first: Match
    """(n, n_x) and (n, n_y): a v-minimal match; empty where v is in no match."""
    second: Match
    """(n, n_x) and (n, n_y): another one; empty where there is none."""

    @property
    def minimum(self) -> Bool[Array, "*batch n"]:
        """Whether v has exactly one v-minimal match, `first`: its v-minimum match."""
        return (self.first.size > 0) & (self.second.size == 0)

    @property
    def several(self) -> Bool[Array, "*batch n"]:
        """Whether v has several v-minimal matches, of which `first` and `second` are two."""
        return self.second.size > 0


@with_all_digits
def certificates(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> Certificates:
    """For every unit v the proof that it has one v-minimum match, and which; or two different v-minimal matches.

    The units necessary for v lie in every match with v. So if they are a v-minimal match it is the only one; and if
    there is only one, every match with v contains it, and it is just the necessary units. If a v-minimal match holds a
    unit u that is not necessary, v survives without u, and a search there finds a second one.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1).

    Returns:
        The necessary units, and for each unit the matches; `minimum` and `several` say which it is.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, or an ε outside [0, 1).

    Source: Wang et al. 2018 (arXiv:1810.11750), v-minimum matches and their uniqueness, section 3.2; the certificate is
    ours.

    >>> import jax.numpy as jnp
    >>> x = jnp.array([[1.0, 1.0], [0.0, 1e-3], [0.0, 0.0]])     # two units that are nearly the same
    >>> y = jnp.array([[2.0], [0.0], [0.0]])
    >>> certified = certificates(x, y, 0.1)
    >>> certified.minimum.tolist(), certified.several.tolist()   # y's unit is matched by either of them
    ([True, True, False], [False, False, True])
    """
    queries = prepare(x, y, epsilon)
    n_x, n_y = queries.x.shape[1], queries.y.shape[1]
    real, units, rank = joint_indices(queries), single_units(queries), natural_order(queries)
    necessary = by_unit(queries)
    needed = jnp.moveaxis(necessary.reshape(len(units), -1), 0, 1).reshape(units.shape)  # [v, u]
    first = first_matches(queries)

    def another(row: tuple[Array, Array, Array]) -> Array:
        v, first, needed = row
        spare = first & ~needed
        # Any unit that v can do without will do; the first of them is as good as another.
        left_out = (rank == jnp.min(jnp.where(spare, rank, rank.size))) & spare
        return jax.lax.cond(
            jnp.any(spare),
            lambda: shrink(*without(queries, left_out), queries.threshold, v, rank)[1].active,
            lambda: jnp.zeros_like(v),
        )

    second = side_by_side(another, (units, first, needed), queries.bytes)
    return Certificates(
        by_joint_index(queries, necessary),
        dual_basis.as_match(first[real], n_x, n_y),
        dual_basis.as_match(second[real], n_x, n_y),
    )
