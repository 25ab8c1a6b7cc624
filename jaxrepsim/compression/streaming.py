"""Compression of more samples than memory holds: batch by batch, in several places at once, the same result."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Values
from jaxrepsim.compression import gram, means, triangles
from jaxrepsim.compression.compressed import Compressed, of_networks
from jaxrepsim.compression.gram import GramMatrix
from jaxrepsim.compression.triangles import Triangle
from jaxrepsim.errors import IllConditionedWarning
from jaxrepsim.numerics.buckets import padded, size_bucket
from jaxrepsim.numerics.call_site import warn_at_call_site
from jaxrepsim.numerics.inputs import as_activations, narrowed, traced

Compression = GramMatrix | Triangle
"""A state: sums of products of activations in float32, or the triangle of those in float64."""


def init(
    units: Sequence[int], dtype: DTypeLike = jnp.float32, block: int | None = None, squares: bool = False
) -> Compression:
    """The compression of no samples.

    Args:
        units: How many units each network has.
        dtype: Of the activations. In float32 the state is the sum of their products in float64, whether x64 is on or
            off; in float64, which needs x64, the triangle of their QR.
        block: Of float64: how many samples are gathered before they are factored. By default 8200, or 12n + 8 if that
            is more, n being the units of all networks.
        squares: Whether the squared length of each sample in each network is a column more, so that `summary` has
            them. In float64 another is of ones, without which there are no means.

    Returns:
        An empty state: of 2(n + 1)² numbers in float32, of block + n rows in float64.

    Raises:
        TypeError: The dtype is not a floating one of 32 bits or more.
        ValueError: A negative number of units, a block below 1, or float64 where x64 is off.

    >>> init((3, 2)).products.shape
    (6, 6)
    """
    if not jnp.issubdtype(dtype, jnp.floating) or jnp.finfo(dtype).bits < 32:
        raise TypeError(f"a compression is of activations in float32 or float64, not in {jnp.dtype(dtype)}")
    if min(units, default=0) < 0 or (block is not None and block < 1):
        raise ValueError(f"expected numbers of units and a block of 1 or more, received {tuple(units)} and {block}")
    if jnp.finfo(dtype).bits == 32:
        return gram.empty(units, squares)
    if jnp.result_type(float) != jnp.float64:
        raise ValueError("a compression of activations in float64 needs jax.enable_x64(True)")
    return triangles.empty(units, block, squares)


def update(state: Compression, *activations: ArrayLike) -> Compression:
    """The compression of what was seen and of more samples.

    The activations need never be in memory together: the size of a state does not depend on the number of samples. In
    which batches they come changes rounding at most.

    *float32.* Every inner product is a sum over samples, and the product of two float32 numbers is exact in float64. So
    the state is the Gram matrix ZᵀZ of the activations around a shift, float32 numbers near their means, so that a
    large offset costs no digits; and it adds at the speed of a matrix product. How exact that is `error_bound` says.

    *float64.* If R is the triangular factor of the samples so far, that of [R; more samples] is the triangular factor
    of all of them: R stands for its samples in every inner product. Each fold is a Householder QR of columns scaled by
    powers of two, so that a unit's scale costs no digits.

    A plain call leaves the state as it was, so it copies it; `jax.jit(update, donate_argnums=0)` does not. Batches of
    other sizes share a few programs. Under `vmap`, give the field `filled` of float64 no axis, `Triangle(0, None)`: it
    depends on shapes alone, and so stacked states fold only when they have to.

    Args:
        state: From `init`, `update` or `merge`.
        *activations: (samples, units), one a network, as many and as wide as `init` was told; cast to the state's
            dtype. Zero rows change nothing, so that a last batch may be padded with them; in centred results they
            count as samples.

    Returns:
        The new state, of the same shapes.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, another number of networks or other numbers of units, or
            a concrete activation that is NaN or infinite. Where one is traced, all that the state stands for is NaN.

    Source: Demmel, Grigori, Hoemmen and Langou 2012, "Communication-optimal parallel and sequential QR and LU
    factorizations", arXiv:0806.2159 (sequential TSQR).

    >>> import jax, jax.numpy as jnp
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 1000, 3))
    >>> state = init((3, 3))
    >>> for start in range(0, 1000, 100):
    ...     state = update(state, x[start : start + 100], y[start : start + 100])
    >>> small_x, small_y = finalize(state)
    >>> small_x.shape, bool(jnp.allclose(small_x.T @ small_y, x.T @ y, atol=1e-2))
    ((6, 3), True)
    """
    arrays = _fitting(state, activations)
    if not arrays:
        return state
    samples = arrays[0].shape[0]
    if not traced(state, arrays):
        rows = size_bucket(samples, 64)
        arrays = tuple(padded(array, (rows, array.shape[1])) for array in arrays)
    if isinstance(state, GramMatrix):
        return gram.update(state, arrays, samples)
    return triangles.update(state, arrays, samples)


def absorb(state: Compression, arrays: Sequence[Array], real: Bool[Array, "m"]) -> Compression:
    """`update` within a program, by rows of which some are padding.

    Args:
        state: A state.
        arrays: (rows, units), one a network.
        real: (rows,), which rows are samples; the others may hold anything.
    """
    dtype = jnp.float32 if isinstance(state, GramMatrix) else jnp.float64
    rows = tuple(jnp.where(real[:, None], array, 0).astype(dtype) for array in arrays)
    if isinstance(state, GramMatrix):
        return gram.update(state, rows, jnp.sum(real))
    return triangles.update(state, rows, rows[0].shape[0], real)


def merge(first: Compression, second: Compression) -> Compression:
    """The compression of the samples of both.

    Args:
        first: A state.
        second: Another, of networks with the same numbers of units, and of the same dtype. The two may have been made
            anywhere, in any order.

    Returns:
        A state with the shapes of `first`.

    Raises:
        ValueError: The numbers of networks or units differ, or the dtypes.

    >>> x = jnp.arange(6.0).reshape(3, 2)
    >>> both = merge(update(init((2,)), x), update(init((2,)), x))
    >>> bool(jnp.allclose(finalize(both)[0].T @ finalize(both)[0], 2 * x.T @ x))
    True
    """
    _check_fit(first, _units(second))
    if not _units(first):
        return first
    if _has_squares(first) == _has_squares(second):
        if isinstance(first, GramMatrix) and isinstance(second, GramMatrix):
            return gram.merge(first, second)
        if isinstance(first, Triangle) and isinstance(second, Triangle):
            return triangles.merge(first, second)
    raise ValueError(
        "a compression of activations in float32 and one of activations in float64 do not merge, nor one with squares "
        "and one without"
    )


def finalize(
    state: Compression, axis_name: str | None = None, centred: bool = False
) -> tuple[Float[Array, "rows _"], ...]:
    """What `compress` makes of all samples at once, with n rows, the units of all networks; fewer samples leave zeros.

    Args:
        state: A state.
        axis_name: Inside `shard_map`, an axis of the mesh: the states of all devices along it become one, and each
            device gets the whole result.
        centred: Of float32 alone: whether the mean over all samples is subtracted from every unit.

    Returns:
        (rows, units) for each network, with the inner products of all samples, within networks and between them; in
        float64 where x64 is on, else in float32. Of a concrete float32 state that is not exact enough (see
        `error_bound`), this warns (`jaxrepsim.IllConditionedWarning`).

    Raises:
        ValueError: `centred` of a float64 state.

    >>> [rows.shape for rows in finalize(init((3, 2)))]
    [(5, 3), (5, 2)]
    """
    if isinstance(state, Triangle):
        if centred:
            raise ValueError("a compression of activations in float64 has no means: centre the activations before")
        return triangles.finalize(state, axis_name)
    if not state.shift:
        return ()
    rows, bound = gram.finalize(state, axis_name, centred)
    if not traced(state):
        _warn_where_inexact(np.asarray(bound))
    return rows


def summary(state: Compression, axis_name: str | None = None) -> tuple[Compressed, ...]:
    """What `summarise` makes of all samples at once: rows with the means first, and the squares where they were summed.

    Zero rows count as samples.

    Args:
        state: Of float32; or of float64, begun by `init(units, jnp.float64, squares=True)`.
        axis_name: See `finalize`.

    Returns:
        One for each network, in float64 where x64 is on, else in float32. Warns as `finalize` does.

    Raises:
        ValueError: A float64 state without means.

    >>> x = jnp.arange(6.0).reshape(3, 2)
    >>> (found,) = summary(update(init((2,), squares=True), x))
    >>> [round(float(mean), 3) for mean in found.rows[0] / found.samples**0.5]
    [2.0, 3.0]
    >>> round(float(found.squares @ found.squares), 2)  # Σ |z − mean|⁴
    128.0
    """
    found, bound = bounded_summary(state, axis_name)
    if not traced(state):
        _warn_where_inexact(np.asarray(bound))
    return found


def bounded_summary(
    state: Compression, axis_name: str | None = None
) -> tuple[tuple[Compressed, ...], Float[Values, "networks"]]:
    """`summary` and `error_bound` of one factorisation; the bound of a float64 state is 0."""
    exact = np.zeros(len(_units(state)))
    if not _units(state):
        return (), exact
    if isinstance(state, Triangle):
        if not state.means:
            raise ValueError("this compression of activations in float64 has no means: begin it with squares=True")
        rows, squares, samples = triangles.summary(state, axis_name)
        return of_networks(rows, squares, _units(state), samples), exact
    rows, squares, samples, bound = means.summary(state, axis_name)
    return of_networks(rows, squares, _units(state), samples), bound


def error_bound(state: GramMatrix, axis_name: str | None = None) -> Float[Array, "networks"]:
    """By how much the sums of a float32 state may move a squared residual on the units of each network.

    Let K be the inner products of a network's units, centred and of norm 1, λ its eigenvalues, and E the error of the
    inner products of all units, scaled likewise. Then the squared residual of any unit of another network on any of
    these units is wrong by at most about ε(1 + Σ1/λ), ε being the size of an element of E: here 8uρ, u = 2⁻⁵³, and ρ
    how many times the squares that were summed around the shift exceed those around the mean, mostly below 2.

    *Proof.* The squared residual is the least of vᵀGv over all v that are 1 for the unit itself; G are the inner
    products of units of norm 1 that are not centred. An error δG therefore moves it by vᵀδGv at most, at the least v
    of G or of G + δG. Rows √c·mean apart, which are exact to rounding, G is FKF with a diagonal F ≤ 1, and so
    vᵀδGv = wᵀEw with w = Fv. The part of w on the network has a length² of at most Σ1/λ: for its span is reached from
    a vector of length 1. The other part is 1 or less. So the error is at most |E|₂(1 + Σ1/λ).

    *The size of an element.* A product of two shifted activations rounds to u, and the sum over a block of b = 2,048
    samples at most to bu, each relative to √(gᵢᵢgⱼⱼ); sums of blocks keep what they lose, so that more samples, more
    batches and merging add nothing but a last u. The factorisation adds (n + 1)u. Elements are so at most
    ε = (b + n + 8)uρ, and |E|₂ at most nε. Roundings that do not conspire grow with the root of a number, those of many
    blocks cancel, and of |E|₂ only ε reaches one direction w: hence 8 (measured: 3 or less).

    Rounding the activations to float32 moves a squared residual by κ·6e-8, κ² being the largest λ over the least, so
    this loses nothing that they had up to κ of about 1e8/n. Where units of a network depend on others, the bound is
    infinite: σ² of 1e-15, which is what rounding to float32 leaves of a dependency, cannot be told from 0, while QR
    tells σ. (Not where x64 is off, for then that is 0 in all that follows.) Dead and constant units, and units that two
    networks share, do no harm.

    Args:
        state: From `init(units, jnp.float32)`, with samples.
        axis_name: See `finalize`.

    Returns:
        (networks,). `finalize` warns beyond 1e-9, or 1e-6 where x64 is off: such activations are to be compressed with
        `init(units, jnp.float64)`, which costs several times as much.

    Source: Higham 2002, "Accuracy and Stability of Numerical Algorithms", chapters 3, 4 and 10.

    >>> import jax
    >>> x = jax.random.normal(jax.random.key(0), (1000, 3))
    >>> bool(error_bound(update(init((3,)), x))[0] < 1e-14)
    True
    """
    return gram.error_bound(state, axis_name) if state.shift else jnp.zeros(0)


def _warn_where_inexact(bound: np.ndarray) -> None:
    limit = gram.allowed(bound.dtype)
    if np.any(bound > limit):
        network = int(np.argmax(bound))
        warn_at_call_site(
            f"the units of network {network} are too nearly dependent for sums of products: squared residuals may be "
            f"wrong by {bound[network]:.0e}, more than {limit:.0e}; compress the activations with "
            "init(units, jnp.float64), with jax.enable_x64(True)",
            IllConditionedWarning,
        )


def _fitting(state: Compression, activations: Sequence[ArrayLike]) -> tuple[Array, ...]:
    """The activations, checked against what the state was made for, in its dtype."""
    arrays = as_activations(*activations)
    _check_fit(state, [array.shape[1] for array in arrays])
    dtype = jnp.float32 if isinstance(state, GramMatrix) else jnp.float64
    return tuple(narrowed(array, dtype) for array in arrays)


def _has_squares(state: Compression) -> bool:
    return gram.has_squares(state) if isinstance(state, GramMatrix) else bool(state.means)


def _check_fit(state: Compression, received: Sequence[int]) -> None:
    wanted = _units(state)
    if wanted != received:
        raise ValueError(
            f"the compression was begun for {len(wanted)} networks of {wanted} units, received activations of"
            f" {len(received)} networks of {received} units"
        )


def _units(state: Compression) -> list[int]:
    return [part.shape[-1] for part in (state.shift if isinstance(state, GramMatrix) else state.rows)]
