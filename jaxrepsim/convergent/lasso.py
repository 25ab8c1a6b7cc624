"""The LASSO from correlations, for many targets and penalties: exact, and said how exact."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.convergent.support import duality_gap, exact_on_support, resolvable
from jaxrepsim.numerics.buckets import cut, padded, size_bucket, width_bucket
from jaxrepsim.numerics.factor import one_at_a_time
from jaxrepsim.numerics.inputs import as_array, as_dtype, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.varying import varying_like

ITERATIONS = 10
"""Of the splitting, between two changes of its step."""
ROUNDS = 4
"""Of the splitting and the exact solution; the n-th has 20 n iterations."""


class Lasso(NamedTuple):
    """Solutions for p penalties.

    Fields:
        coefficients: (p, n_x, n_y), w of each target.
        gap: (p, n_y): by how much, at most, the objective is above the least; see `lasso`.
    """

    coefficients: Float[Array, "p n_x n_y"]
    gap: Float[Array, "p n_y"]


def lasso(gram: ArrayLike, cross: ArrayLike, penalties: ArrayLike) -> Lasso:
    """The minimisers of ½wᵀAw − bᵀw + λ|w|₁ for every column b of B and every λ.

    With A the correlations of the units x and b those with a target y, this is |y − xw|²/2m + λ|w|₁ of standardised
    samples, less a constant ½: the samples themselves are not needed, however many there were.

    Three parts, for each λ. A splitting (ADMM) runs for all targets at once, with one eigendecomposition of A and two
    matrix products an iteration; its thresholded variable shows which units are used long before it converges. The
    linear system on these gives the exact coefficients, and the duality gap tells whether they were the right ones;
    if not, both go on. What is left after 200 iterations, such as targets among nearly equal units, an active-set
    descent solves, in at most 8 n_x systems a target.

    Ends where a gap is as small as correlations can tell: 1e-14 in float64 for |w|₁ = 1, growing with its square, and
    in float32 not much where λ is below 1e-3. The gap reached is returned. Where the minimisers are many (dependent
    units), it is one of them: their predictions are the same.

    At λ = 0 it is least squares of minimum norm. Directions of A below 10 n_x units in the last place of the largest
    count as not there, and the gap is the excess over the least without them. In float32 that is 1.5e-4 of the largest
    for 128 units, which layers of trained networks do have: use float64.

    Args:
        gram: (n_x, n_x), the correlations A of the units that predict, its row and column 0 for a constant unit.
        cross: (n_x, n_y), the correlations B of these with the targets; a column 0 for a constant target.
        penalties: (p,), each λ, in any order.

    Returns:
        Coefficients and gaps. From λ = max|b| on, and for a constant unit, coefficients are exactly 0.

    Raises:
        TypeError: Correlations that are not real floating numbers.
        ValueError: Shapes that do not fit; a correlation that is not finite; a penalty below 0, infinite or not a
            number. Traced values are taken on trust: where a correlation is not finite, all that rests on it is NaN.

    Source: Tibshirani 1996, Regression shrinkage and selection via the lasso, J. R. Stat. Soc. B 58. The splitting is
    Boyd et al. 2011, Distributed optimization and statistical learning via ADMM, sections 3.4 and 6.4; the descent is
    Osborne, Presnell and Turlach 2000, On the lasso and its dual, J. Comp. Graph. Stat. 9.

    >>> found = lasso(jnp.eye(2), jnp.array([[0.9], [-0.2]]), jnp.array([0.5, 0.1]))
    >>> print(found.coefficients[:, :, 0].round(3))
    [[ 0.4  0. ]
     [ 0.8 -0.1]]
    """
    gram, cross = map(as_array, (gram, cross))
    if not (jnp.issubdtype(gram.dtype, jnp.floating) and jnp.issubdtype(cross.dtype, jnp.floating)):
        raise TypeError(f"correlations must be real floating numbers, not {gram.dtype} and {cross.dtype}")
    if gram.ndim != 2 or cross.ndim != 2 or gram.shape != (cross.shape[0],) * 2:
        raise ValueError(
            f"gram must have the shape (n_x, n_x) and cross (n_x, n_y), received {gram.shape} and {cross.shape}"
        )
    _check_correlations("gram", gram)
    _check_correlations("cross", cross)
    check_penalties(penalties)
    dtype = jnp.result_type(jnp.float32, gram, cross)
    (n_x, n_y), (p,) = cross.shape, np.shape(penalties)
    if 0 in (n_x, n_y, p):
        return Lasso(jnp.zeros((p, n_x, n_y), dtype), jnp.zeros((p, n_y), dtype))
    gram, cross = as_dtype(gram, dtype), as_dtype(cross, dtype)
    if traced(gram, cross, penalties):
        return _lasso(gram, cross, jnp.asarray(penalties, dtype))
    # Units and targets that never vary change nothing, and penalties that nothing exceeds take no time.
    wide, high, many = width_bucket(n_x), width_bucket(n_y), size_bucket(p, 8)
    path = np.full(many, 1e30, dtype)
    path[:p] = np.asarray(penalties)
    found = _lasso(padded(gram, (wide, wide)), padded(cross, (wide, high)), path)
    return Lasso(cut(found.coefficients, (p, n_x, n_y)), cut(found.gap, (p, n_y)))


@jax.jit
@with_all_digits
def _lasso(gram: Float[Array, "n_x n_x"], cross: Float[Array, "n_x n_y"], penalties: Float[Array, "p"]) -> Lasso:
    values, vectors = one_at_a_time(lambda matrix: tuple(jnp.linalg.eigh(matrix)), gram)
    values = jnp.maximum(values, 0)
    exact = _least_squares(gram, cross, values, vectors)

    def at(penalty: Array) -> Lasso:
        positive = jnp.where(penalty > 0, penalty, 1)
        return jax.lax.cond(penalty > 0, lambda: _penalised(gram, cross, positive, values, vectors), lambda: exact)

    found = jax.lax.map(at, penalties)
    # A comparison with NaN ends the search at once, with coefficients of 0: not to be taken for a solution.
    usable = jnp.all(jnp.isfinite(gram)) & jnp.all(jnp.isfinite(cross), axis=0)
    return Lasso(*(jnp.where(usable, part, jnp.nan) for part in found))


def _check_correlations(name: str, values: Array | np.ndarray) -> None:
    if isinstance(values, Tracer):
        return
    wrong = np.argwhere(~np.isfinite(np.asarray(values)))
    if len(wrong):
        i, j = wrong[0].tolist()
        raise ValueError(f"{name}[{i}, {j}], a correlation, is {values[i, j]}: is an activation not finite?")


def check_penalties(penalties: ArrayLike) -> None:
    """Refuses penalties that are not one axis of finite numbers from 0; traced values are taken on trust.

    Raises:
        ValueError: See above.
    """
    if np.ndim(penalties) != 1:
        raise ValueError(f"penalties must have the shape (p,), received {np.shape(penalties)}")
    if isinstance(penalties, Tracer):
        return
    values = np.asarray(penalties)  # NumPy: under jit, jnp would trace even a constant
    wrong = values[~((values >= 0) & (values < np.inf))]
    if wrong.size:
        raise ValueError(f"a penalty must be finite and at least 0, received {wrong[0]}")


def _least_squares(gram: Array, cross: Array, values: Array, vectors: Array) -> Lasso:
    """Of minimum norm, with how much ½cᵀA⁺c its objective is above the least."""
    there = values > 10 * len(gram) * jnp.finfo(gram.dtype).eps * values[-1]
    inverse = jnp.where(there, 1 / jnp.where(there, values, 1), 0)[:, None]
    coefficients = vectors @ (inverse * (vectors.T @ cross))
    coefficients = jnp.where(jnp.diagonal(gram)[:, None] > 0, coefficients, 0)
    left = vectors.T @ (cross - gram @ coefficients)
    return Lasso(coefficients, jnp.sum(inverse * left * left, axis=0) / 2)


def _penalised(gram: Array, cross: Array, penalty: Array, values: Array, vectors: Array) -> Lasso:
    """For one λ > 0."""
    n, targets = cross.shape

    def a_round(state):
        number, splitting, found, gap, wanted = state
        splitting = jax.lax.fori_loop(
            0, 2 * number, lambda _, old: _split(old, cross, penalty, values, vectors), splitting
        )
        descent = jnp.where(number == ROUNDS, 8 * n, 0)
        guess = splitting.sparse
        given = gram, cross.T, penalty, guess.T, found.T, gap, wanted, descent
        found, gap = one_at_a_time(exact_on_support, *given)
        return number + 1, splitting, found.T, gap, gap > resolvable(found.T, penalty)

    zero = jnp.zeros_like(cross)
    gap = duality_gap(cross, cross, zero, penalty)
    splitting = _Splitting(zero, jnp.clip(cross, -penalty, penalty), jnp.full(targets, 3 * penalty))
    begin = (jnp.ones((), int), splitting, zero, gap, gap > resolvable(zero, penalty))
    begin = varying_like(begin, gram, cross, penalty, values)
    state = jax.lax.while_loop(lambda state: (state[0] <= ROUNDS) & jnp.any(state[-1]), a_round, begin)
    return Lasso(state[2], state[3])


class _Splitting(NamedTuple):
    """The state of ADMM on ½wᵀAw − bᵀw + λ|z|₁ with w = z.

    Fields:
        sparse: (n, t), z.
        dual: (n, t), v, which becomes the correlations c = b − Aw: within ±λ.
        step: (t,), ρ of each target.
    """

    sparse: Float[Array, "n t"]
    dual: Float[Array, "n t"]
    step: Float[Array, "t"]


def _split(state: _Splitting, cross: Array, penalty: Array, values: Array, vectors: Array) -> _Splitting:
    """Some iterations, and a step ρ for the next: that which balances the two residuals, where it is far from it."""
    step = state.step

    def iterate(_, carried):
        sparse, dual, _, _ = carried
        smooth = vectors @ ((vectors.T @ (cross + step * sparse - dual)) / (values[:, None] + step))
        # Over-relaxed; soft thresholding is what clipping takes off.
        both = dual + step * (1.7 * smooth - 0.7 * sparse)
        clipped = jnp.clip(both, -penalty, penalty)
        return (both - clipped) / step, clipped, smooth, sparse

    zero = varying_like(jnp.zeros_like(cross), state.sparse)
    sparse, dual, smooth, before = jax.lax.fori_loop(0, ITERATIONS, iterate, (state.sparse, state.dual, zero, zero))
    tiny = jnp.finfo(cross.dtype).tiny ** 0.5
    size = [jnp.maximum(jnp.linalg.norm(part, axis=0), tiny) for part in (smooth, sparse, dual)]
    primal = jnp.linalg.norm(smooth - sparse, axis=0) / jnp.maximum(size[0], size[1])
    change = step * jnp.linalg.norm(sparse - before, axis=0) / size[2]
    ratio = jnp.sqrt(primal / jnp.maximum(change, tiny))
    far = (primal > 0) & (change > 0) & ((ratio > 2) | (ratio < 0.5))
    step = jnp.where(far, step * jnp.clip(ratio, 0.1, 10), step)
    return _Splitting(sparse, dual, jnp.clip(step, 1e-4 * penalty, 1e4 * penalty))
