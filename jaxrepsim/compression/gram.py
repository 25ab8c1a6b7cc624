"""Streaming compression by sums of products in float64: for activations in float32, at matrix-product speed."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, Float, Int, Values
from jaxrepsim.compression.triangles import fold
from jaxrepsim.numerics.buckets import by_network, size_bucket
from jaxrepsim.numerics.inputs import on_device, traced
from jaxrepsim.numerics.pivoted_cholesky import Cholesky, pivoted_cholesky
from jaxrepsim.numerics.products import inner_products, with_all_digits
from jaxrepsim.numerics.projection import ridge
from jaxrepsim.numerics.varying import varying_like
from jaxrepsim.numerics.x64 import enable_x64

FEWEST_UNITS = 128
"""Of all networks, that the factorisation is compiled for: it takes longer to compile than to run on as many."""
BLOCK = 2048
"""Samples whose products are one matrix product."""
FIRST = 256
"""Samples that the shift is the mean of."""
UNIT = 2.0**-53
"""What a number in float64 rounds to, relative."""
ERROR = 8 * UNIT
"""Of a sum of products; see `jaxrepsim.compression.error_bound`."""


class GramMatrix(NamedTuple):
    """Inner products of all samples seen so far, in float64 whether x64 is on or off.

    A sample in which every unit is zero is counted, and adds nothing. Where squares are summed too, q is the number of
    networks, and else 0.

    Fields:
        shift: For each network (units,), what is subtracted from its activations: float32 numbers near their means.
        products: (n + q + 1, n + q + 1), sums of the products of the n shifted units of all networks, of the squared
            length of each sample in each network, shifted too, and of a last column of ones: so the last row has their
            sums, and the number of samples that are not zero.
        lost: (n + q + 1, n + q + 1), what `products` lost to rounding.
        samples: How many samples there are, zeros included.
    """

    shift: tuple[Float[Array, "_"], ...]
    products: Float[Array, "columns columns"]
    lost: Float[Array, "columns columns"]
    samples: Float[Array, ""]


def empty(units: Sequence[int], squares: bool = False) -> GramMatrix:
    """The state of no samples."""
    size = (sum(units) + 1 + squares * len(units),) * 2
    with enable_x64(True):
        shift = tuple(on_device(np.zeros(n)) for n in units)
        return GramMatrix(shift, *(on_device(np.zeros(shape)) for shape in (size, size, ())))


@jax.jit
@with_all_digits
def update(state: GramMatrix, arrays: tuple[Float[Array, "m _"], ...], samples: Array | int) -> GramMatrix:
    """The state after more samples, float32.

    Args:
        state: A state.
        arrays: (rows, units), one a network.
        samples: How many of the rows are samples; the others are zero.
    """
    with enable_x64(True):
        # Inside shard_map a state may still be the same on all devices where its first batch is not.
        state = varying_like(state, *arrays)
        samples = state.samples + jnp.asarray(samples, jnp.float64)
        joint = jnp.concatenate(arrays, axis=1)
        rows, n = joint.shape
        old = jnp.concatenate(state.shift)
        some = jnp.concatenate([array[:: max(1, rows // FIRST)] for array in arrays], axis=1)
        shift = jnp.where(state.products[-1, -1] > 0, old, _mean(some))
        sums = state.products, state.lost
        squared = owners_of(state) if has_squares(state) else None
        blocks = rows // BLOCK
        if blocks:
            chunks = joint[: blocks * BLOCK].reshape(blocks, BLOCK, n)
            sums, _ = jax.lax.scan(
                lambda sums, chunk: (_plus(*sums, _products(chunk, shift, squared)), None), sums, chunks
            )
        if rows % BLOCK:
            sums = _plus(*sums, _products(joint[blocks * BLOCK :], shift, squared))
        return GramMatrix(by_network(shift, widths_of(state)), *sums, samples)


@jax.jit
def merge(first: GramMatrix, second: GramMatrix) -> GramMatrix:
    """The state of the samples of both."""
    with enable_x64(True):
        own, other = (jnp.concatenate(state.shift) for state in (first, second))
        shift = jnp.where(first.products[-1, -1] > 0, own, other)
        products, lost = _shifted(second, shift)
        sums = _plus(first.products, first.lost + lost, products)
        return GramMatrix(by_network(shift, widths_of(first)), *sums, first.samples + second.samples)


def over_devices(state: GramMatrix, axis_name: str | None) -> GramMatrix:
    """The state of the samples of all devices along an axis of a mesh, on each of them."""
    if axis_name is None:
        return state
    with enable_x64(True):
        weight = state.products[-1, -1]
        total = jnp.maximum(jax.lax.psum(weight, axis_name), 1.0)
        shift = _rounded(jax.lax.psum(jnp.concatenate(state.shift) * weight, axis_name) / total)
        products, lost = _shifted(state, shift)
        sums = jax.lax.psum((products, lost, state.samples), axis_name)
        return GramMatrix(by_network(shift, widths_of(state)), *sums)


def finalize(
    state: GramMatrix, axis_name: str | None, centred: bool
) -> tuple[tuple[Float[Array, "rows _"], ...], Float[Array, "networks"]]:
    """Rows with the inner products of all samples, and `error_bound`."""
    state = without_squares(state)
    if traced(state):
        return _finalize(state, axis_name, centred)
    widths = widths_of(state)
    n, dtype = sum(widths), jnp.result_type(float)
    # Padded with dead units behind all others, states of other widths share a program.
    size = size_bucket(n, FEWEST_UNITS)
    owner = np.pad(owners_of(state), (0, size - n), constant_values=len(widths))
    with enable_x64(True):
        rows, bound = _in_one_program(widened(as_one(state), size), owner, len(widths), centred, dtype)
    parts = np.split(np.asarray(rows)[:n, :n], np.cumsum(widths)[:-1], axis=1)
    return tuple(map(on_device, parts)), bound


@partial(jax.jit, static_argnums=(1, 2))
@with_all_digits
def _finalize(state: GramMatrix, axis_name: str | None, centred: bool) -> tuple[tuple[Array, ...], Array]:
    dtype = jnp.result_type(float)
    with enable_x64(True):
        state = over_devices(state, axis_name)
        rows, bound = _factored(as_one(state), owners_of(state), len(state.shift), centred, dtype)
        return by_network(rows, widths_of(state)), bound


def has_squares(state: GramMatrix) -> bool:
    return state.products.shape[-1] > sum(widths_of(state)) + 1


def without_squares(state: GramMatrix) -> GramMatrix:
    if not has_squares(state):
        return state
    places = np.append(np.arange(sum(widths_of(state))), state.products.shape[-1] - 1)
    xp = jnp if traced(state) else np
    products, lost = (xp.asarray(sums)[places[:, None], places] for sums in (state.products, state.lost))
    return state._replace(products=products, lost=lost)


def as_one(state: GramMatrix) -> GramMatrix:
    """The same, of all units as one network."""
    join = jnp.concatenate if traced(state) else np.concatenate
    return state._replace(shift=(join(state.shift),))


def widths_of(state: GramMatrix) -> list[int]:
    return [len(part) for part in state.shift]


def owners_of(state: GramMatrix) -> np.ndarray:
    """Of each unit the index of its network."""
    return np.repeat(np.arange(len(state.shift)), widths_of(state))


def widened(joint: GramMatrix, size: int) -> GramMatrix:
    """With dead units behind the others, on the host."""
    (shift,), n = joint.shift, len(joint.shift[0])
    more = joint.products.shape[-1] - n  # squares, and ones

    def wide(sums: Values) -> np.ndarray:
        values, full = np.asarray(sums), np.zeros((size + more, size + more))
        places = np.append(np.arange(n), size + np.arange(more))
        full[np.ix_(places, places)] = values
        return full

    values = (np.pad(np.asarray(shift), (0, size - n)),), wide(joint.products), wide(joint.lost), joint.samples
    return GramMatrix(*jax.device_put(values))


def _factored(
    joint: GramMatrix, owner: Int[Values, "n"], networks: int, centred: bool, dtype: DTypeLike
) -> tuple[Float[Array, "n n"], Float[Array, "networks"]]:
    """Rows of all units, and the bound for each network; `owner` is the number of networks for padding."""
    covariance = covariance_of(joint)
    root = root_of(covariance.cosines, covariance.amplified, dtype).rows * covariance.deviation
    count = joint.products[-1, -1]
    zeros = jnp.maximum(joint.samples - count, 0.0)
    mean = joint.products[-1, :-1] / jnp.maximum(count, 1.0) + joint.shift[0]
    # Of c samples, and z zeros, the mean is c/(c + z)·mean: around it there is this along the mean.
    weight = count * zeros / jnp.maximum(count + zeros, 1.0) if centred else count
    rows = jnp.where(covariance.finite, jnp.concatenate([jnp.sqrt(weight) * mean[None], root]), 0.0)
    triangle = fold([rows])[0] if rows.size else rows[1:]
    found = jnp.where(covariance.finite, triangle, jnp.nan).astype(dtype)
    return found, bound_of(covariance, owner, networks, dtype)


_in_one_program = jax.jit(with_all_digits(_factored), static_argnums=(2, 3, 4))


@partial(jax.jit, static_argnums=1)
def error_bound(state: GramMatrix, axis_name: str | None) -> Float[Array, "networks"]:
    """See `jaxrepsim.compression.error_bound`."""
    dtype = jnp.result_type(float)
    with enable_x64(True):
        state = over_devices(without_squares(state), axis_name)
        return bound_of(covariance_of(as_one(state)), owners_of(state), len(state.shift), dtype)


def allowed(dtype: DTypeLike) -> float:
    """The largest `error_bound` with which squared residuals in a dtype are as exact as the package promises."""
    return 1e-9 if jnp.finfo(dtype).bits == 64 else 1e-6


class Covariance(NamedTuple):
    """Centred inner products. Where some are not finite, those of orthogonal units."""

    cosines: Float[Array, "n n"]
    """1 on the diagonal, and 0 beside it for a constant unit."""
    deviation: Float[Array, "n"]
    """The norms of the centred units; 0 for a constant one."""
    amplified: Float[Array, ""]
    """How many times larger squares were summed than remain: 1 where the shift is the mean."""
    finite: Array


def covariance_of(state: GramMatrix) -> Covariance:
    sums = state.products[-1, :-1]
    finite = jnp.all(jnp.isfinite(state.products + state.lost))
    around = state.products[:-1, :-1] - sums[:, None] * (sums / jnp.maximum(state.products[-1, -1], 1.0))
    around = jnp.where(finite, around + state.lost[:-1, :-1], 0.0)
    summed, square = jnp.where(finite, jnp.diagonal(state.products)[:-1], 0.0), jnp.diagonal(around)
    varies = square > 16 * UNIT * summed
    deviation = jnp.where(varies, jnp.sqrt(jnp.where(varies, square, 1.0)), 0.0)
    divisor = jnp.where(varies, deviation, 1.0)
    there = varies[:, None] & varies
    cosines = jnp.where(there, around / divisor[:, None] / divisor, 0.0)
    cosines = jnp.where(jnp.eye(len(square), dtype=bool), 1.0, cosines)
    amplified = jnp.max(jnp.where(varies, summed / jnp.where(varies, square, 1.0), 1.0), initial=1.0)
    return Covariance(cosines, deviation, amplified, finite)


def root_of(cosines: Float[Array, "n n"], amplified: Array, dtype: DTypeLike) -> Cholesky:
    """Without the units that depend on others, as far as float64 tells, or the match stage in float32."""
    least = ERROR * amplified * max(1, len(cosines)) ** 0.5
    if jnp.finfo(dtype).bits == 32:
        least = jnp.maximum(least, (0.1 * ridge(dtype)) ** 2)
    return pivoted_cholesky(cosines, least)


def bound_of(
    covariance: Covariance, owner: Int[Values, "n"], networks: int, dtype: DTypeLike
) -> Float[Array, "networks"]:
    """One factorisation for all networks: without the products between them their pivots have nothing in common."""
    return bound_by(root_within(covariance, owner, dtype), covariance, owner, networks, dtype)


def root_within(covariance: Covariance, owner: Int[Values, "n"], dtype: DTypeLike) -> Cholesky:
    """Of the products within each network alone."""
    owner = jnp.asarray(owner)
    return root_of(jnp.where(owner[:, None] == owner, covariance.cosines, 0.0), covariance.amplified, dtype)


def bound_by(
    own: Cholesky, covariance: Covariance, owner: Int[Values, "n"], networks: int, dtype: DTypeLike
) -> Float[Array, "networks"]:
    """`bound_of`, of what `root_within` gives."""
    of_network = jnp.asarray(owner) == jnp.arange(networks)[:, None]
    traces = jnp.sum(jnp.where(of_network, own.inverse_diagonal(), 0.0), axis=1)
    if jnp.finfo(dtype).bits == 64:
        traces = jnp.where(jnp.any(of_network & ~own.is_pivot(), axis=1), jnp.inf, traces)
    bound = ERROR * covariance.amplified * (1 + traces)
    return jnp.where(covariance.finite, bound, jnp.nan).astype(dtype)


def _products(
    rows: Float[Array, "m n"], shift: Float[Array, "n"], squared: Int[Values, "n"] | None
) -> Float[Array, "columns columns"]:
    """Of the rows that are not zero; by halves of the columns, for what stands below the diagonal is known.

    Args:
        rows: Of all networks.
        shift: What is taken off.
        squared: The network of each unit, where squares are summed too.
    """
    there = jnp.any(rows != 0, axis=1, keepdims=True)
    shifted = jnp.where(there, rows.astype(jnp.float64) - shift, 0.0)
    columns = [shifted, there.astype(jnp.float64)]
    if squared is not None:
        columns.insert(1, inner_products((shifted**2).T, _indicators(squared)))
    left, right = jnp.array_split(jnp.concatenate(columns, axis=1), 2, axis=1)
    across = inner_products(left, right)
    return jnp.block([[inner_products(left, left), across], [across.T, inner_products(right, right)]])


def _plus(total: Array, lost: Array, term: Array) -> tuple[Array, Array]:
    """The sum, and what it loses: Knuth's, exact to the last digit of both together."""
    found = total + term
    added = found - total
    return found, lost + ((total - (found - added)) + (term - added))


def _indicators(owner: Int[Values, "n"]) -> Float[Array, "n networks"]:
    """1 where a unit is of a network."""
    return jnp.asarray(owner[:, None] == np.arange(owner.max(initial=-1) + 1), jnp.float64)


def _shifted(state: GramMatrix, shift: Float[Array, "n"]) -> tuple[Array, Array]:
    """What `products` and `lost` are around another shift."""
    if has_squares(state):
        return _shifted_squares(state, shift)
    moved = jnp.append(jnp.concatenate(state.shift) - shift, 0.0)
    sums, count = state.products[-1], state.products[-1, -1]
    cross = moved[:, None] * (sums + 0.5 * count * moved)
    return state.products + (cross + cross.T), state.lost


def _shifted_squares(state: GramMatrix, shift: Float[Array, "n"]) -> tuple[Array, Array]:
    """The same where squares are summed: |z + d|² = |z|² + 2d·z + |d|², so that every column is linear in the old."""
    moved, indicators = jnp.concatenate(state.shift) - shift, _indicators(owners_of(state))
    n, k = indicators.shape
    columns = jnp.eye(n + k + 1, dtype=jnp.float64)
    columns = columns.at[:n, n:-1].set(2 * moved[:, None] * indicators).at[-1, :n].set(moved)
    columns = columns.at[-1, n:-1].set(inner_products((moved**2)[:, None], indicators)[0])
    products, lost = (inner_products(columns, inner_products(sums.T, columns)) for sums in (state.products, state.lost))
    return products, lost


def _mean(rows: Float[Array, "m n"]) -> Float[Array, "n"]:
    """Of those that are not zero, in float32: of equal activations their value, exactly."""
    count = jnp.sum(jnp.any(rows != 0, axis=1), dtype=jnp.float64)
    return _rounded(jnp.sum(rows, axis=0, dtype=jnp.float64) / jnp.maximum(count, 1.0))


def _rounded(values: Array) -> Array:
    return values.astype(jnp.float32).astype(jnp.float64)
