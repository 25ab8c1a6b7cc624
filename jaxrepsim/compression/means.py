"""What sums of products say of means, and of the squared lengths of samples."""

from functools import partial
from operator import itemgetter

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, Float, Int, Values
from jaxrepsim.compression.gram import (
    FEWEST_UNITS,
    Covariance,
    GramMatrix,
    as_one,
    bound_by,
    covariance_of,
    has_squares,
    over_devices,
    owners_of,
    root_within,
    widened,
    widths_of,
)
from jaxrepsim.numerics.buckets import size_bucket
from jaxrepsim.numerics.inputs import traced
from jaxrepsim.numerics.pivoted_cholesky import Cholesky
from jaxrepsim.numerics.products import inner_products, with_all_digits
from jaxrepsim.numerics.x64 import enable_x64


def summary(
    state: GramMatrix, axis_name: str | None
) -> tuple[Float[Values, "rows n"], Float[Values, "rows q"] | None, Float[Values, ""], Float[Values, "networks"]]:
    """Rows of all units with √m·mean first, the squares in the same basis, the number of samples, `error_bound`."""
    if traced(state):
        rows, squares, samples, bound = _summarised(state, axis_name)
    else:
        n, k, dtype = sum(widths_of(state)), len(state.shift), jnp.result_type(float)
        size = size_bucket(n, FEWEST_UNITS)
        owner = np.pad(owners_of(state), (0, size - n), constant_values=k)
        with enable_x64(True):
            found = _summary_in_one_program(widened(as_one(state), size), owner, k, dtype)
        rows, squares, samples, bound = map(np.asarray, found)
        # The rows of padding are zero, wherever they are.
        some = np.any(rows != 0, axis=1) | np.any(squares != 0, axis=1)
        some[0] = True
        rows, squares = rows[some, :n], squares[some]
    return rows, squares if has_squares(state) else None, samples, bound


@partial(jax.jit, static_argnums=1)
@with_all_digits
def _summarised(state: GramMatrix, axis_name: str | None) -> tuple[Array, Array, Array, Array]:
    dtype = jnp.result_type(float)
    with enable_x64(True):
        state = over_devices(state, axis_name)
        return _with_means(as_one(state), owners_of(state), len(state.shift), dtype)


def _with_means(
    joint: GramMatrix, owner: Int[Values, "n"], networks: int, dtype: DTypeLike
) -> tuple[Float[Array, "rows n"], Float[Array, "rows q"], Float[Array, ""], Float[Array, "networks"]]:
    """`summary`, of all units as one network.

    The squared length of a sample around the mean μ is, of that around the shift s, |z − s|² − 2(z − s)·(μ − s) +
    |μ − s|²: linear in what was summed. Its mean is the sum of the variances.
    """
    (shift,), n = joint.shift, len(joint.shift[0])
    of_network = (jnp.asarray(owner)[:, None] == jnp.arange(networks)).astype(jnp.float64)
    # Samples of zeros lie at −s.
    ones, zeros = joint.products[-1, -1], jnp.maximum(joint.samples - joint.products[-1, -1], 0.0)
    squared = inner_products(of_network, (shift**2)[:, None])[:, 0]
    zero = jnp.concatenate([-shift, squared[: networks * has_squares(joint)], jnp.ones(1)])
    whole = joint._replace(products=joint.products + zeros * zero[:, None] * zero)
    k = joint.products.shape[-1] - n - 1
    within = jnp.pad(jnp.asarray(owner), (0, k), constant_values=networks)
    (covariance, found), (own_covariance, own) = _factored(whole, _bare(joint, n), within, dtype)
    root = found.rows * covariance.deviation
    count = jnp.maximum(ones + zeros, 1.0)
    from_shift = whole.products[-1, :n] / count
    rows = jnp.concatenate([jnp.sqrt(count) * (from_shift + shift)[None], root[:, :n]])
    variances = inner_products(of_network, (covariance.deviation[:n] ** 2)[:, None])[:, 0]
    squares = jnp.concatenate([variances[None] / jnp.sqrt(count), jnp.zeros((len(root), networks))])
    if has_squares(joint):
        squares = squares.at[1:].set(root[:, n:] - 2 * inner_products((root[:, :n] * from_shift).T, of_network))
    rows, squares, samples = (
        jnp.where(covariance.finite, part, jnp.nan).astype(dtype) for part in (rows, squares, ones + zeros)
    )
    return rows, squares, samples, bound_by(own, own_covariance, within, networks, dtype)


def _bare(joint: GramMatrix, n: int) -> GramMatrix:
    """With zeros in place of squares."""
    columns = np.arange(joint.products.shape[-1])
    there = (columns < n) | (columns == columns[-1])
    products, lost = (jnp.where(there[:, None] & there, sums, 0.0) for sums in (joint.products, joint.lost))
    return joint._replace(products=products, lost=lost)


def _factored(
    whole: GramMatrix, bare: GramMatrix, owner: Int[Array, "columns"], dtype: DTypeLike
) -> list[tuple[Covariance, Cholesky]]:
    """Of all columns of the one; and of those of the other within each network.

    One after the other in a loop, so that the factorisation is compiled once: that takes longer than what it does.
    """

    def factored(each: tuple[GramMatrix, Array]) -> tuple[Covariance, Cholesky]:
        covariance = covariance_of(each[0])
        return covariance, root_within(covariance, each[1], dtype)

    both = jax.tree.map(lambda *parts: jnp.stack(parts), (whole, jnp.zeros_like(owner)), (bare, owner))
    found = jax.lax.map(factored, both)
    return [jax.tree.map(itemgetter(at), found) for at in range(2)]


_summary_in_one_program = jax.jit(with_all_digits(_with_means), static_argnums=(2, 3))
