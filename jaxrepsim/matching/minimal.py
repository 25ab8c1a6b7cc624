"""Minimal matches: what it takes to keep one unit matched."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool, Float, Int, Key
from jaxrepsim.compression.inputs import as_activations, check_epsilon
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.matching import dual_basis
from jaxrepsim.matching.dual_basis import DualBasis
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.maximum import maximum_match
from jaxrepsim.matching.precision import squared_threshold


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
    if order.shape != (n_x + n_y,):
        raise ValueError(f"order must list all {n_x + n_y} units, received the shape {order.shape}")
    _check_unit(unit, n_x + n_y)
    start, threshold = _maximum_state(x, y, epsilon)
    kept = _shrink(start, threshold, jnp.asarray(unit), order, n_x)
    return dual_basis.as_match(kept, n_x, n_y)


def minimal_matches(
    x: ArrayLike,
    y: ArrayLike,
    epsilon: ArrayLike,
    units: ArrayLike | None = None,
    key: Key[Array, ""] | None = None,
) -> Match:
    """A v-minimal match of every unit v: `minimal_match` for many units, factored once.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples.
        epsilon: Scalar in [0, 1).
        units: (k,), joint indices; by default all n_x + n_y.
        key: Gives every unit an order of deletions of its own; by default all use 0, 1, 2, …

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
    _check_unit(units, n_x + n_y)
    start, threshold = _maximum_state(x, y, epsilon)

    def one(unit: Int[Array, ""]) -> Match:
        order = jnp.arange(n_x + n_y)
        if key is not None:
            order = jax.random.permutation(jax.random.fold_in(key, unit), order)
        kept = _shrink(start, threshold, unit, order, n_x)
        return dual_basis.as_match(kept, n_x, n_y)

    # One unit after the other: the branch that takes a removal back is then skipped, not computed and thrown away.
    return jax.lax.map(one, units)


def _maximum_state(x: Array, y: Array, epsilon: ArrayLike) -> tuple[DualBasis, Float[Array, ""]]:
    """The dual basis of the maximum match alone: factored afresh, so nothing of the removed units is left in it."""
    x, y = compress(x, y)
    match = maximum_match(x, y, epsilon)
    return dual_basis.init(x * match.x, y * match.y), squared_threshold(jnp.asarray(epsilon), x.dtype)


def _shrink(
    start: DualBasis, threshold: Float[Array, ""], unit: Int[Array, ""], order: Int[Array, "n_joint"], n_x: int
) -> DualBasis:
    """Tries every deletion in turn, and keeps those that v survives."""

    def place(joint: Int[Array, ""]) -> tuple[Int[Array, ""], Int[Array, ""]]:
        of_y = joint >= n_x
        return of_y.astype(int), joint - jnp.where(of_y, n_x, 0)

    v = place(unit)

    def holds(state: DualBasis) -> Bool[Array, ""]:
        return state.active[v] & (state.squared[v] <= threshold)

    def unsettled(state: DualBasis) -> Bool[Array, ""]:
        return holds(state) & (dual_basis.worst(state)[2] > threshold)

    def drive_out(state: DualBasis) -> DualBasis:
        side, k, _ = dual_basis.worst(state)
        return dual_basis.remove(state, side, k)

    def without(kept: DualBasis, side: Int[Array, ""], k: Int[Array, ""]) -> DualBasis:
        trial = jax.lax.while_loop(unsettled, drive_out, dual_basis.remove(kept, side, k))
        return jax.lax.cond(holds(trial), lambda: trial, lambda: kept)

    def try_deletion(position: Int[Array, ""], kept: DualBasis) -> DualBasis:
        side, k = place(order[position])
        worth_it = kept.active[side, k] & (order[position] != unit) & holds(kept)
        return jax.lax.cond(worth_it, lambda: without(kept, side, k), lambda: kept)

    if order.shape[0] == 0:
        return start
    final = jax.lax.fori_loop(0, order.shape[0], try_deletion, start)
    return final._replace(active=final.active & holds(final))


def _check_unit(unit: ArrayLike, units: int) -> None:
    if isinstance(unit, Tracer):
        return
    indices = np.asarray(unit)
    if np.any((indices < 0) | (indices >= units)):
        raise ValueError(f"unit {unit} is not there: the pair has {units} units, the first network's first")
