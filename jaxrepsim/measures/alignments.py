"""Linear CKA of many pairs: one matrix product for all pairs of one network."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Float, Values
from jaxrepsim.measures.debiased_cka import hsic, quotient
from jaxrepsim.measures.kernels import alignment
from jaxrepsim.measures.networks import Basis, Raw, centred, ratio, root
from jaxrepsim.numerics.buckets import joined, padded, size_bucket
from jaxrepsim.numerics.products import with_all_digits

MANY_ROWS = 1024
"""Rows from which on those that are zero are left out, at the cost of a program for each number of rows."""


class _Own(NamedTuple):
    """What the pairs of one network share."""

    joint: Float[Values, "r n"]
    """Centred rows, all units in one scale."""
    lengths: Float[Values, "_"]
    """Squared lengths of the samples in that scale; zeros where they are not known."""
    aligned: Float[Values, ""]
    """‖jointᵀjoint‖²_F."""
    total: Float[Values, ""]
    """‖joint‖²_F."""


def alignments(networks: Mapping[int, Raw | Basis], pairs: Sequence[tuple[int, int]]) -> dict[str, np.ndarray]:
    """`linear_cka` and `debiased_cka` of pairs of networks; the latter means nothing without squares.

    Of networks that `summarise` compressed together, each has zeros below the row of its last unit: these are left out
    of its products with all others.

    Args:
        networks: By place.
        pairs: Of places.

    Returns:
        (pairs,) each.
    """
    own = {place: _own(_cut(network)) for place, network in networks.items()}
    firsts, seconds = (sorted({each[side] for each in pairs}) for side in (0, 1))
    rows, count = max(len(network.joint) for network in own.values()), size_bucket(len(seconds), 8)
    parts = [padded(own[place].joint, (rows, own[place].joint.shape[1])) for place in seconds]
    owner = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    width = size_bucket(len(owner), 32)
    owner = np.pad(owner, (0, width - len(owner)), constant_values=count)
    every, indicators = joined(parts, (rows, width)), (owner[:, None] == np.arange(count)).astype(parts[0].dtype)
    sums = {place: np.asarray(_with_all(own[place].joint, every, indicators)) for place in firsts}
    column = {place: index for index, place in enumerate(seconds)}
    own = {place: _Own(network.joint, *map(np.asarray, network[1:])) for place, network in own.items()}
    first, second = ([own[each[side]] for each in pairs] for side in (0, 1))
    samples = np.asarray(networks[pairs[0][0]].samples)
    values = np.array(
        [
            [sums[a][column[b]] for a, b in pairs],
            *([x.aligned for x in side] for side in (first, second)),
            [x.lengths @ y.lengths for x, y in zip(first, second, strict=True)],
            *([x.lengths @ x.lengths for x in side] for side in (first, second)),
            *([x.total for x in side] for side in (first, second)),
        ]
    )
    found = _measured(padded(values, (len(values), size_bucket(len(pairs), 16))), samples)
    return {name: np.asarray(value)[: len(pairs)] for name, value in found.items()}


def _cut(network: Raw | Basis) -> Raw | Basis:
    if isinstance(network, Raw):
        return network
    rows = np.asarray(network.rows)
    if len(rows) > MANY_ROWS:
        there = np.flatnonzero(np.any(rows != 0, axis=1))
        last = int(there[-1]) + 1 if len(there) else 1
        rows = padded(rows[:last], (min(len(rows), size_bucket(last, 256)), rows.shape[1]))
    squares = network.squares
    return Basis(rows, network.samples, np.zeros(1, rows.dtype) if squares is None else squares)


@jax.jit
@with_all_digits
def _own(network: Raw | Basis) -> _Own:
    found = centred(network)
    joint = found.joint
    return _Own(joint, found.joint_lengths, alignment(joint, joint), jnp.sum(joint**2))


@jax.jit
@with_all_digits
def _with_all(
    joint: Float[Array, "r n"], every: Float[Array, "rows width"], indicators: Float[Array, "width k"]
) -> Float[Array, "k"]:
    """‖jointᵀz‖²_F with each network z."""
    return jnp.sum((joint.T @ every[: len(joint)]) ** 2, axis=0) @ indicators


@jax.jit
def _measured(values: Float[Array, "8 pairs"], samples: Array) -> dict[str, Array]:
    between, aligned_x, aligned_y, shared, shared_x, shared_y, total_x, total_y = (row for row in values)
    within_x = hsic(aligned_x, shared_x, total_x, total_x, samples)
    within_y = hsic(aligned_y, shared_y, total_y, total_y, samples)
    return {
        "linear_cka": ratio(between, root(aligned_x) * root(aligned_y)),
        "debiased_cka": quotient(hsic(between, shared, total_x, total_y, samples), within_x, within_y, samples),
    }
