"""Minimal matches: what it takes to keep one unit matched."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array, ArrayLike, Float, Key, Values
from jaxrepsim.matching.asked import Asked
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.numerics.few_samples import warn_of_few_samples
from jaxrepsim.numerics.gradients import without_gradient
from jaxrepsim.numerics.inputs import as_activations, check_one_epsilon, traced
from jaxrepsim.numerics.permutations import own_ranks

Networks = tuple[Float[Array, "m _"], ...]


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
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, an ε that is not one number in [0, 1), a concrete unit
            that is not there, an order that does not list every unit once, or a concrete activation that is NaN or
            infinite. Where one is traced, no unit is in the match and its similarity is NaN.

    Source: Wang et al. 2018 (arXiv:1810.11750), algorithm 2 and theorem on the decomposition into simple matches.

    >>> import jax.numpy as jnp
    >>> x = jnp.eye(4)[:, :3]                      # e1, e2, e3
    >>> y = jnp.eye(4)[:, :3] @ jnp.array([[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [0.0, 0.0, 1.0]])
    >>> match = minimal_match(x, y, 0.1, unit=2)   # e3 needs only its copy, y's third unit
    >>> match.x.tolist(), match.y.tolist()
    ([False, False, True], [False, False, True])
    """
    networks = checked(x, y, epsilon)
    total = sum(network.shape[1] for network in networks)
    order = np.arange(total) if order is None else order
    _check_order(order, total)
    check_unit(unit, total)
    if np.ndim(unit):
        raise ValueError(f"unit must be one joint index, received the shape {np.shape(unit)}; see `minimal_matches`")
    call = _compiled_match if traced(networks, epsilon, unit, order) else _match
    return call(networks, epsilon, unit, order)


def _match(networks: Networks, epsilon: ArrayLike, unit: ArrayLike, order: ArrayLike) -> Match:
    asked = Asked(prepared(networks), epsilon)
    unit, order = (jnp.asarray(a) if traced(a) else np.asarray(a) for a in (unit, order))
    rank = asked.rank(jnp.argsort(order) if traced(order) else np.argsort(order))
    nothing = np.zeros((1, 2, asked.ready.n), bool)
    found = asked.ask(asked.maximum, nothing, asked.ready.places(unit)[None], rank[None])
    return asked.ready.as_match(found.match[0])


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
    networks = checked(x, y, epsilon)
    total = sum(network.shape[1] for network in networks)
    units = np.arange(total) if units is None else jnp.asarray(units) if traced(units) else np.asarray(units, int)
    if np.ndim(units) != 1:
        raise ValueError(f"units must have the shape (k,), joint indices, received {np.shape(units)}")
    check_unit(units, total)
    call = _compiled_matches if traced(networks, epsilon, units, key) else _matches
    return call(networks, epsilon, units, key)


def _matches(networks: Networks, epsilon: ArrayLike, units: Values, key: Array | None) -> Match:
    asked = Asked(prepared(networks), epsilon)
    return asked.ready.as_match(asked.nested(units)) if key is None else in_random_order(asked, units, key)


def in_random_order(asked: Asked, units: Values, key: Array) -> Match:
    """`minimal_matches` of a pair that is factored, the order of deletions random for each of k units."""
    ranks = own_ranks(key, units, asked.units)
    nothing = np.zeros((len(units), 2, asked.ready.n), bool)
    found = asked.ask(asked.maximum, nothing, asked.ready.places(units), asked.rank(ranks))
    return asked.ready.as_match(found.match)


_compiled_match = jax.jit(without_gradient(_match))
_compiled_matches = jax.jit(without_gradient(_matches))


def check_unit(unit: ArrayLike, units: int) -> None:
    if isinstance(unit, Tracer):
        return
    indices = np.asarray(unit)
    if np.any((indices < 0) | (indices >= units)):
        raise ValueError(f"unit {unit} is not there: the pair has {units} units, the first network's first")


def checked(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> Networks:
    """A pair at one ε as every search takes it."""
    check_one_epsilon(epsilon)
    networks = as_activations(x, y)
    warn_of_few_samples(networks)
    return networks


def _check_order(order: ArrayLike, units: int) -> None:
    if np.shape(order) != (units,):
        raise ValueError(f"order must list all {units} units, received the shape {np.shape(order)}")
    if not isinstance(order, Tracer) and not np.array_equal(np.sort(np.asarray(order)), np.arange(units)):
        raise ValueError(f"order must list every unit from 0 to {units - 1} once, received {order}")
