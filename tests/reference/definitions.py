"""The definitions of Wang et al. 2018 (arXiv:1810.11750), and the match of k networks, by trying every subset."""

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


def unit_columns(a: Array) -> Array:
    """The columns divided by their norms; a zero column stays zero."""
    a = np.asarray(a, np.float64)
    norms = np.linalg.norm(a, axis=0)
    return a / np.where(norms == 0, 1.0, norms)


def residuals(x: Array, y: Array, *, cutoff: float = 1e-10, resolution: float = 0.0) -> Array:
    """dist(x_i, span{y_j}) / |x_i| for every column of x, by the SVD of the unit columns of y.

    Args:
        x: Float[m, n_x].
        y: Float[m, n_y].
        cutoff: Singular values up to this times the largest one count as zero: the numerical span.
        resolution: A residual below it reads as 0.

    Returns:
        Float[n_x] in [0, 1]; 1 for a zero column.
    """
    x = unit_columns(x)
    return _unit_residuals(x, unit_columns(y)[None], cutoff, resolution)[0][0]


def _unit_residuals(x: Array, ys: Array, cutoff: float, resolution: float) -> tuple[Array, Array]:
    """Residuals of the unit columns x: (m, n_x) on each of the stacked ys: (k, m, n_y), and the condition of each."""
    dead = ~x.any(axis=0)
    k, _, n_y = ys.shape
    if n_y == 0:
        return np.ones((k, x.shape[1])), np.ones(k)
    basis, singular, _ = np.linalg.svd(ys, full_matrices=False)
    kept = singular > cutoff * singular[:, :1]
    basis = basis * kept[:, None, :]
    rest = x - basis @ (basis.transpose(0, 2, 1) @ x)
    rest -= basis @ (basis.transpose(0, 2, 1) @ rest)  # once more, for the last digits of a small residual
    r = np.minimum(np.linalg.norm(rest, axis=1), 1.0)
    r[r < resolution] = 0.0
    r[:, dead] = 1.0
    smallest = np.where(kept, singular, np.inf).min(axis=1, initial=np.inf)
    largest = singular.max(axis=1, initial=0.0)
    return r, np.where(largest > 0, largest / smallest, 1.0)


def is_match(
    x: Array, y: Array, members: Mask, epsilon: float, *, cutoff: float = 1e-10, resolution: float = 0.0
) -> bool:
    """Whether (X, Y) is an ε-approximate match: every unit of it is within ε of the other side's span.

    The empty match is one; a zero unit is in none.
    """
    n_x = x.shape[1]
    in_x, in_y = x[:, members[:n_x]], y[:, members[n_x:]]
    if not (in_x.any(axis=0).all() and in_y.any(axis=0).all()):
        return False
    to_y = residuals(in_x, in_y, cutoff=cutoff, resolution=resolution)
    to_x = residuals(in_y, in_x, cutoff=cutoff, resolution=resolution)
    return bool((to_y <= epsilon).all() and (to_x <= epsilon).all())


class SubsetTable(NamedTuple):
    """Every pair of subsets of a small pair of layers, and the least ε at which it is a match.

    Attributes:
        members: Bool[k, n_x + n_y], every subset of the joint index.
        epsilon: Float[k], the largest residual within it; inf where it holds a zero unit, 0 for the empty one.
        values: Float[v], all residuals that went in: at an ε far from all of them nothing is near a tie.
        condition: the largest condition number, zero singular values left out, of the units of any subset of one side.
    """

    members: Mask
    epsilon: Array
    values: Array
    condition: float


def subset_table(x: Array, y: Array, *, cutoff: float = 1e-10, resolution: float = 0.0) -> SubsetTable:
    """Try every (X, Y), X a subset of the columns of x and Y of those of y (2^(n_x + n_y) of them, so up to 5 + 5)."""
    x, y = unit_columns(x), unit_columns(y)
    n_x, n_y = x.shape[1], y.shape[1]
    of_x, of_y = _subsets(n_x), _subsets(n_y)
    to_y, condition_y = _unit_residuals(x, y[None] * of_y[:, None, :], cutoff, resolution)
    to_x, condition_x = _unit_residuals(y, x[None] * of_x[:, None, :], cutoff, resolution)
    values = np.concatenate([to_y.ravel(), to_x.ravel()])
    to_y = np.where(x.any(axis=0), to_y, np.inf)
    to_x = np.where(y.any(axis=0), to_x, np.inf)
    # least[X, Y] = max of the residuals of X's members on Y and of Y's members on X
    least_x = np.where(of_x[:, None, :], to_y[None, :, :], 0.0).max(axis=2, initial=0.0)
    least_y = np.where(of_y[None, :, :], to_x[:, None, :], 0.0).max(axis=2, initial=0.0)
    members = np.concatenate([np.repeat(of_x, 2**n_y, axis=0), np.tile(of_y, (2**n_x, 1))], axis=1)
    condition = float(max(condition_x.max(), condition_y.max()))
    return SubsetTable(members, np.maximum(least_x, least_y).ravel(), values, condition)


def joint_table(networks: Sequence[Array], *, cutoff: float = 1e-10, resolution: float = 0.0) -> SubsetTable:
    """Try every (S_1, …, S_k), S_a a subset of the columns of network a: 2^Σn_a of them, so up to 3 + 3 + 3.

    The least ε of one is the largest residual of a unit of some S_a on some S_b, b ≠ a. The joint index runs over the
    units of the first network, then those of the second, and so on.
    """
    networks = [unit_columns(x) for x in networks]
    subsets = [_subsets(x.shape[1]) for x in networks]
    chosen = [grid.ravel() for grid in np.meshgrid(*[np.arange(len(s)) for s in subsets], indexing="ij")]
    members = np.concatenate([of[which] for of, which in zip(subsets, chosen, strict=True)], axis=1)
    epsilon, values, condition = np.zeros(len(members)), [np.zeros(0)], 1.0
    for a, b in permutations(range(len(networks)), 2):
        r, condition_b = _unit_residuals(networks[a], networks[b] * subsets[b][:, None, :], cutoff, resolution)
        values.append(r.ravel())
        condition = max(condition, float(condition_b.max()))
        r = np.where(networks[a].any(axis=0), r, np.inf)
        least = np.where(subsets[a][:, None, :], r, 0.0).max(axis=2, initial=0.0)  # [S_a, S_b]
        epsilon = np.maximum(epsilon, least[chosen[a], chosen[b]])
    return SubsetTable(members, epsilon, np.concatenate(values), condition)


def _subsets(n: int) -> Mask:
    return (np.arange(2**n)[:, None] >> np.arange(n) & 1).astype(bool)


def all_matches(table: SubsetTable, epsilon: float) -> Mask:
    """Bool[k, n]: every ε-approximate match, the empty one among them."""
    return table.members[table.epsilon <= epsilon]


def maximum_match_brute(table: SubsetTable, epsilon: float) -> Mask:
    """Bool[n]: the union of all matches. It is one itself, so it is the maximum match."""
    return all_matches(table, epsilon).any(axis=0)


def profile_brute(table: SubsetTable) -> Array:
    """Float[n]: each unit's critical ε, the least one at which some match holds it; inf for a zero unit."""
    return np.where(table.members, table.epsilon[:, None], np.inf).min(axis=0, initial=np.inf)


def minimal_matches_brute(table: SubsetTable, epsilon: float, unit: int) -> Mask:
    """Bool[k, n]: every v-minimal match: it holds v and no other match inside it does."""
    matches = all_matches(table, epsilon)
    matches = matches[matches[:, unit]]
    inside = ~(matches[:, None, :] & ~matches[None, :, :]).any(axis=2)  # [a, b]: a is a subset of b
    return matches[inside.sum(axis=0) == 1]


def simple_matches_brute(table: SubsetTable, epsilon: float) -> Mask:
    """Bool[k, n]: every simple match: not empty, and not the union of the matches properly inside it."""
    matches = all_matches(table, epsilon)
    inside = ~(matches[:, None, :] & ~matches[None, :, :]).any(axis=2)
    np.fill_diagonal(inside, False)
    union = (inside[:, :, None] & matches[:, None, :]).any(axis=0)
    return matches[(union != matches).any(axis=1)]


def necessary_units_brute(table: SubsetTable, epsilon: float) -> Mask:
    """Bool[n, n]: [u, v], every match that holds v holds u; all False in the column of a v that is in no match."""
    matches = all_matches(table, epsilon)
    n = matches.shape[1]
    necessary = np.zeros((n, n), bool)
    for v in range(n):
        holding = matches[matches[:, v]]
        if len(holding):
            necessary[:, v] = holding.all(axis=0)
    return necessary
