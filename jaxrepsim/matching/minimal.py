"""Minimal matches: what it takes to keep one unit matched."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Key
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.matching import dual_basis, removal
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.nested import nested
from jaxrepsim.matching.search import maximum_basis, shrink
from jaxrepsim.matching.side_by_side import side_by_side
from jaxrepsim.numerics.inputs import as_activations, check_epsilon
from jaxrepsim.numerics.precision import squared_threshold
from jaxrepsim.numerics.products import with_all_digits


@with_all_digits
def minimal_match(
    x: ArrayLike, y: ArrayLike, epsilon: ArrayLike, unit: ArrayLike, order: ArrayLike | None = None
) -> Match:
    """A v-minimal match: an ε-match that holds unit v, and of which no proper sub-match does.

    Start from the maximum match. For each other unit in turn, remove it and whatever the removal drives over ε; keep
    the smaller match if v is still in it, else take the removal back. Whether v survives is monotone in the set of
    units that are left, so one pass suffices, and the result is minimal. A removal is a dual-basis step of O(n²).

    The v-minimal matches are exactly the simple matches, those that are not unions of smaller ones. A unit may have
    many: the order of the deletions decides which is found.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1).
        unit: v, as a joint index: x units first, then y units. May be traced, and vmapped over.
        order: (n_x + n_y,), the joint indices in the order in which deletions are tried; by default 0, 1, 2, …

    Returns:
        The match; empty where v is in no ε-match.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, an ε outside [0, 1), a concrete unit that is not
            there, or an order of the wrong length.

    Source: Wang et al. 2018 (arXiv:1810.11750), algorithm 2 and theorem on the decomposition into simple matches.

    >>> import jax.numpy as jnp
    >>> x = jnp.eye(4)[:, :3]                      # e1, e2, e3
    >>> y = jnp.eye(4)[:, :3] @ jnp.array([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> match = minimal_match(x, y, 0.1, unit=2)   # e3 needs only its copy, y's third unit
    >>> match.x.tolist(), match.y.tolist()
    ([False, False, True], [False, False, True])
    """
    check_epsilon(epsilon)
    x, y = as_activations(x, y)
    n_x, n_y = x.shape[1], y.shape[1]
    order = jnp.arange(n_x + n_y) if order is None else jnp.asarray(order)
    _check_order(order, n_x + n_y)
    check_unit(unit, n_x + n_y)
    threshold = squared_threshold(jnp.asarray(epsilon), x.dtype)
    start = maximum_basis(x, y, threshold)
    n = start.active.shape[1]
    v = jnp.arange(n_x + n_y) == jnp.asarray(unit)
    rank = jnp.zeros(n_x + n_y, int).at[order].set(jnp.arange(n_x + n_y))
    _, found = shrink(
        *removal.begin(start), threshold, dual_basis.as_sides(v, n_x, n), dual_basis.as_sides(rank, n_x, n)
    )
    return dual_basis.as_match(found.active, n_x, n_y)


@with_all_digits
def minimal_matches(
    x: ArrayLike,
    y: ArrayLike,
    epsilon: ArrayLike,
    units: ArrayLike | None = None,
    key: Key[Array, ""] | None = None,
) -> Match:
    """A v-minimal match of every unit v: `minimal_match` for many units, factored once.

    Without a key the search for a unit begins inside the smallest match already found that holds it, and is spared
    where that is minimal for the unit too: as if the order of deletions began with all units outside it. With a key
    every unit has an order of its own, so that the matches are independent samples of those there are.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples.
        epsilon: Scalar in [0, 1).
        units: (k,), joint indices; by default all n_x + n_y.
        key: Gives every unit an order of deletions of its own; by default 0, 1, 2, … inside the known matches.

    Returns:
        k matches in a batch: masks (k, n_x) and (k, n_y); empty for a unit that is in no ε-match.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: As for `minimal_match`.

    >>> import jax.numpy as jnp
    >>> minimal_matches(jnp.eye(3), jnp.eye(3), 0.1).size.tolist()
    [2, 2, 2, 2, 2, 2]
    """
    check_epsilon(epsilon)
    x, y = as_activations(x, y)
    n_x, n_y = x.shape[1], y.shape[1]
    units = jnp.arange(n_x + n_y) if units is None else jnp.asarray(units)
    check_unit(units, n_x + n_y)
    x, y = compress(x, y)
    threshold = squared_threshold(jnp.asarray(epsilon), x.dtype)
    start = maximum_basis(x, y, threshold)
    n = start.active.shape[1]
    joint = jnp.arange(n_x + n_y)
    v = jax.vmap(lambda unit: dual_basis.as_sides(joint == unit, n_x, n))(units)
    if key is None:
        active = nested(x, y, start, threshold, v, dual_basis.as_sides(joint, n_x, n))
    else:
        orders = jax.vmap(lambda unit: jax.random.permutation(jax.random.fold_in(key, unit), n_x + n_y))(units)
        ranks = jax.vmap(lambda order: dual_basis.as_sides(jnp.argsort(order), n_x, n))(orders)

        def one(both: tuple[Array, Array]) -> Array:
            return shrink(*removal.begin(start), threshold, *both)[1].active

        active = side_by_side(one, (v, ranks), 3 * start.dual.nbytes)
    return dual_basis.as_match(active, n_x, n_y)


def check_unit(unit: ArrayLike, units: int) -> None:
    if isinstance(unit, Tracer):
        return
    indices = np.asarray(unit)
    if np.any((indices < 0) | (indices >= units)):
        raise ValueError(f"unit {unit} is not there: the pair has {units} units, the first network's first")


def _check_order(order: Array, units: int) -> None:
    if order.shape != (units,):
        raise ValueError(f"order must list all {units} units, received the shape {order.shape}")
    if not isinstance(order, Tracer) and not np.array_equal(np.sort(np.asarray(order)), np.arange(units)):
        raise ValueError(f"order must list every unit from 0 to {units - 1} once, received {order}")
