"""The share of a network's variance that another predicts on samples held out."""

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.errors import InputError
from jaxrepsim.measures.networks import Raw, centred, program, ratio, raw_pair
from jaxrepsim.measures.steps import Steps
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
    networks = raw_pair(x, y)
    return _ridge(*networks, *_options(networks[0].samples, penalties, folds))


def _options(samples: int, penalties: Sequence[float], folds: int) -> tuple[tuple[float, ...], int]:
    if not penalties or not all(isinstance(one, int | float) and 0 < one < np.inf for one in penalties):
        raise InputError(f"penalties must be one positive number or more, received {penalties}")
    if not isinstance(folds, int) or folds < 3:
        raise InputError(f"folds must be a whole number of 3 or more, received {folds}")
    if samples < folds:
        raise ValueError(f"{folds} folds need {folds} samples or more, received {samples}")
    return tuple(map(float, penalties)), folds


class _Fits(NamedTuple):
    """Ridge regressions from one network, whatever they predict. The first axis is one of fits."""

    values: Float[Array, "fits n"]
    """The eigenvalues of the covariance of the samples that are fitted."""
    turn: Float[Array, "fits n n"]
    """Its eigenvectors."""
    squares: Float[Array, "fits 2 n n"]
    """In these directions the inner products of each run that is read, about the mean of the fitted samples."""


class _Network(NamedTuple):
    """What the pairs of one network share, as the one that predicts and as the one that is predicted."""

    runs: Float[Array, "folds l n"]
    """The centred rows of each run, zeros behind them."""
    samples: Float[Array, "folds"]
    fits: _Fits
    strength: Float[Array, "p"]
    """The penalties in the scale of the network."""


def _which(folds: int) -> tuple[np.ndarray, np.ndarray]:
    """Of each fit the runs that are left out (fits, folds), and those that are read (fits, 2).

    First every two runs, to choose a penalty by; then every single one, which is read twice.
    """
    read = np.array([*combinations(range(folds), 2), *((run, run) for run in range(folds))])
    return np.any(read[:, :, None] == np.arange(folds), axis=1), read


def _described(network: Raw, penalties: tuple[float, ...], folds: int) -> _Network:
    rows = centred(network).joint
    dtype, samples = rows.dtype, jnp.asarray(network.samples)
    # Run f begins at f · samples / folds, rounded down; in pieces, as the product may be too large for 32 bits.
    begins = jnp.stack([samples // folds * f + samples % folds * f // folds for f in range(folds + 1)])
    counts, longest = jnp.diff(begins), len(rows) // folds + 1
    behind = jnp.pad(rows, ((0, longest), (0, 0)))
    runs = jnp.stack([jax.lax.dynamic_slice_in_dim(behind, begins[f], longest) for f in range(folds)])
    runs = jnp.where(jnp.arange(longest)[:, None] < counts[:, None, None], runs, 0)
    squares = jax.lax.map(lambda run: run.T @ run, runs)
    variance = jnp.trace(jnp.sum(squares, axis=0)) / jnp.maximum(samples, 1)
    variance = variance / jnp.maximum(jnp.asarray(network.units, dtype), 1)
    strength = jnp.asarray(penalties, dtype) * jnp.where(variance > 0, variance, 1)
    counts, sums = counts.astype(dtype), jnp.sum(runs, axis=1)

    def fit(which: tuple[Array, Array]) -> _Fits:
        left_out, read = which
        count, total, square = (_without(parts, left_out) for parts in (counts, sums, squares))
        count = jnp.maximum(count, 1)
        mean = total / count
        values, turn = one_at_a_time(
            lambda matrix: tuple(jnp.linalg.eigh(matrix)), square / count - mean[:, None] * mean
        )
        about = [_about(squares[run], sums[run], sums[run], counts[run], mean, mean) for run in read]
        return _Fits(jnp.maximum(values, 0), turn, jnp.stack([turn.T @ each @ turn for each in about]))

    return _Network(runs, counts, jax.lax.map(fit, tuple(map(jnp.asarray, _which(folds)))), strength)


def _compared(x: _Network, y: _Network) -> Array:
    """R² of x from y."""
    folds = len(x.samples)
    left_out, read = _which(folds)
    cross = jax.lax.map(lambda both: both[0].T @ both[1], (y.runs, x.runs))
    sums_x, sums_y, lengths = jnp.sum(x.runs, axis=1), jnp.sum(y.runs, axis=1), jnp.sum(x.runs**2, axis=(1, 2))

    def errors(fit: tuple[_Fits, Array, Array]) -> tuple[Array, Array]:
        """Squared errors on each run that is read at each penalty (2, penalties), and those of the mean (2,)."""
        fitted, left_out, read = fit
        count = jnp.maximum(_without(x.samples, left_out), 1)
        mean_x, mean_y = (_without(sums, left_out) / count for sums in (sums_x, sums_y))
        weights = fitted.turn.T @ (_without(cross, left_out) / count - mean_y[:, None] * mean_x)
        within, shrunk = weights @ weights.T, 1 / (fitted.values + y.strength[:, None])

        def on(run: Array, squares: Array) -> tuple[Array, Array]:
            count = x.samples[run]
            between = fitted.turn.T @ _about(cross[run], sums_y[run], sums_x[run], count, mean_y, mean_x)
            total = lengths[run] - 2 * jnp.sum(sums_x[run] * mean_x) + count * jnp.sum(mean_x**2)
            explained = shrunk @ jnp.sum(weights * between, axis=1)
            return total - 2 * explained + jnp.sum((shrunk @ (within * squares)) * shrunk, axis=1), total

        found = [on(run, squares) for run, squares in zip(read, fitted.squares, strict=True)]
        return jnp.stack([error for error, _ in found]), jnp.stack([total for _, total in found])

    found, totals = jax.lax.map(errors, (y.fits, jnp.asarray(left_out), jnp.asarray(read)))
    inner = len(read) - folds
    # Where run f is held out: the errors on each other run, fitted without both.
    chosen = [
        jnp.argmin(sum(found[fit, 1 - side] for fit, side in np.argwhere(read[:inner] == run))) for run in range(folds)
    ]
    error = sum(found[inner + run, 0, best] for run, best in enumerate(chosen))
    total = jnp.sum(totals[inner:, 0])
    return ratio(total - error, total)


def _without(parts: Float[Array, "folds *shape"], left_out: Array) -> Float[Array, "*shape"]:
    """The sum over the runs that are not left out."""
    return jnp.tensordot((~left_out).astype(parts.dtype), parts, axes=1)


def _about(
    products: Float[Array, "i j"], sum_a: Array, sum_b: Array, count: Array, mean_a: Array, mean_b: Array
) -> Float[Array, "i j"]:
    """Inner products of some samples about other means than 0."""
    moved = sum_a[:, None] * mean_b + mean_a[:, None] * sum_b
    return products - moved + count * mean_a[:, None] * mean_b


STEPS = Steps(_options, _described, _compared)
_ridge = program(STEPS.measured, static=(2, 3))
