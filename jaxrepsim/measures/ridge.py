"""The share of a network's variance that another predicts on samples held out."""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.errors import InputError
from jaxrepsim.measures.networks import Raw, centred, program, ratio, raw_pair
from jaxrepsim.numerics.factor import one_at_a_time

PENALTIES = tuple(10.0**power for power in range(-6, 3))
"""What `ridge` chooses from: from next to none to far more than the units vary."""


def ridge(x: ArrayLike, y: ArrayLike, penalties: Sequence[float] = PENALTIES, folds: int = 5) -> Float[Array, ""]:
    """Held-out R² of x from y by ridge regression: what the units of y predict of those of x on new samples.

    The samples are cut into `folds` runs of consecutive ones, as neighbours are often alike. For each run the weights
    are fitted on the others, the penalty being the one that predicts best when each of these others is left out in
    turn: so the run that is predicted has no part in it. With x̂ the predictions and x̄ the mean of the samples that were
    fitted, R² = 1 − Σ|x − x̂|² / Σ|x − x̄|² over all samples and units.

    A penalty λ adds λ·v·|B|² to the mean squared error, v the mean variance of the units of y: in that unit the scale
    of activations does not matter. Unlike `linear_regression` it does not grow with chance: where nothing is shared it
    is 0 or a little below.

    Args:
        x: (samples, n_x), the units that are predicted: raw, as samples are held out.
        y: (samples, n_y), those that predict, on the same samples.
        penalties: Each λ that there is to choose from, positive.
        folds: How many runs, 3 or more.

    Returns:
        At most 1, and negative where predictions are worse than the mean; 0 where a network never varies.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: No penalties or one that is not positive, fewer than 3 folds or fewer samples than folds, not two
            axes, different numbers of samples, a compressed network, or a concrete activation that is NaN or infinite.
            Where one is traced, it is NaN.

    It has no gradient.

    Source: Hoerl and Kennard 1970 (Technometrics 12); nested cross-validation: Stone 1974 (J. R. Stat. Soc. B 36).

    >>> import jax
    >>> x, noise, other = jax.random.normal(jax.random.key(0), (3, 500, 20))
    >>> from jaxrepsim.measures import linear_regression
    >>> f"{float(linear_regression(x, other)):.2f} {abs(float(ridge(x, other))):.2f} {float(ridge(x + noise, x)):.1f}"
    '0.04 0.00 0.5'
    """
    if not penalties or not all(isinstance(one, int | float) and 0 < one < np.inf for one in penalties):
        raise InputError(f"penalties must be one positive number or more, received {penalties}")
    if not isinstance(folds, int) or folds < 3:
        raise InputError(f"folds must be a whole number of 3 or more, received {folds}")
    networks = raw_pair(x, y)
    if networks[0].samples < folds:
        raise ValueError(f"{folds} folds need {folds} samples or more, received {networks[0].samples}")
    return _ridge(*networks, tuple(map(float, penalties)), folds)


class _Sums(NamedTuple):
    """Of some samples, all units about the means of all samples. A leading axis is one of folds."""

    samples: Array
    x: Array
    y: Array
    xx: Array
    """Squares of all units together."""
    yx: Array
    yy: Array


def _of(x: Raw, y: Raw, penalties: tuple[float, ...], folds: int) -> Array:
    a, b = centred(x).joint, centred(y).joint
    dtype, row = a.dtype, jnp.arange(len(a))
    samples = jnp.asarray(x.samples)
    # Run f begins at f · samples / folds, rounded down; in pieces, as the product may be too large for 32 bits.
    begins = [samples // folds * f + samples % folds * f // folds for f in range(folds + 1)]
    run = jnp.stack([(row >= begin) & (row < end) for begin, end in pairwise(begins)])

    def sums(member: Array) -> _Sums:
        some, counted = jnp.where(member[:, None], b, 0), jnp.sum(member).astype(dtype)
        part = jnp.where(member[:, None], a, 0)
        return _Sums(counted, jnp.sum(part, axis=0), jnp.sum(some, axis=0), jnp.sum(part**2), some.T @ a, some.T @ b)

    of_run = jax.lax.map(sums, run)
    whole = jax.tree.map(lambda part: jnp.sum(part, axis=0), of_run)
    variance = jnp.trace(whole.yy) / jnp.maximum(whole.samples, 1) / jnp.maximum(jnp.asarray(y.units, dtype), 1)
    strength = jnp.asarray(penalties, dtype) * jnp.where(variance > 0, variance, 1)

    def errors(left_out: Array, read: Array) -> tuple[Array, Array]:
        """Squared errors at each penalty on each of the runs in `read`, fitted without those in `left_out`."""
        fitted = jax.tree.map(lambda total, part: total - jnp.sum(part[left_out], axis=0), whole, of_run)
        return jax.lax.map(lambda one: _errors(fitted, jax.tree.map(lambda part: part[one], of_run), strength), read)

    pairs = np.array(list(combinations(range(folds), 2)))
    inner, _ = jax.lax.map(lambda both: errors(both, both), jnp.asarray(pairs))  # (pairs, 2, penalties)
    # Where run f is held out: the errors on each other run, fitted without both.
    other = inner[:, ::-1].reshape(len(pairs) * 2, -1)
    chosen = [jnp.argmin(jnp.sum(other[pairs.ravel() == f], axis=0)) for f in range(folds)]
    outer, baseline = jax.lax.map(lambda one: errors(one, one), jnp.arange(folds)[:, None])  # (folds, 1, penalties)
    error = sum(outer[f, 0, best] for f, best in enumerate(chosen))
    total = jnp.sum(baseline)
    return ratio(total - error, total)


def _errors(fitted: _Sums, read: _Sums, strength: Float[Array, "p"]) -> tuple[Float[Array, "p"], Array]:
    """Squared errors on some samples at each penalty, of weights fitted on others; and those of their mean."""
    count = jnp.maximum(fitted.samples, 1)
    mean_x, mean_y = fitted.x / count, fitted.y / count
    values, turn = one_at_a_time(
        lambda matrix: tuple(jnp.linalg.eigh(matrix)), fitted.yy / count - mean_y[:, None] * mean_y
    )
    cross = turn.T @ (fitted.yx / count - mean_y[:, None] * mean_x)
    # On the samples that are read, about the means of those that were fitted.
    yy = read.yy - _outer(read.y, mean_y) - _outer(mean_y, read.y) + read.samples * _outer(mean_y, mean_y)
    yx = read.yx - _outer(read.y, mean_x) - _outer(mean_y, read.x) + read.samples * _outer(mean_y, mean_x)
    xx = read.xx - 2 * jnp.sum(read.x * mean_x) + read.samples * jnp.sum(mean_x**2)
    yy, yx = turn.T @ yy @ turn, turn.T @ yx

    def at(penalty: Array) -> Array:
        weights = cross / (jnp.maximum(values, 0) + penalty)[:, None]
        return xx - 2 * jnp.sum(weights * yx) + jnp.sum(weights * (yy @ weights))

    return jax.lax.map(at, strength), xx


def _outer(a: Array, b: Array) -> Array:
    return a[:, None] * b


_ridge = program(_of, static=(2, 3))
