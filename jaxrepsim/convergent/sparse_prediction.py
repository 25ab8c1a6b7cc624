"""One-to-many alignment: each unit of one network predicted from few units of the other."""

from types import ModuleType
from typing import Any, NamedTuple

from jaxrepsim._typing import Array, ArrayLike, Float, Int
from jaxrepsim.convergent import moments
from jaxrepsim.convergent.lasso import lasso
from jaxrepsim.convergent.statistics import Moments, correlations, place, standard_deviations
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_array


class SparsePrediction(NamedTuple):
    """Every unit of y as a sparse linear combination of units of x, at p penalties.

    Fields:
        coefficients: (p, n_x, n_y), in standard deviations of the y unit per standard deviation of the x unit.
        r2: (p, n_y), in [0, 1]: the share of a y unit's variance that is predicted, on the samples that were fitted; 0
            for a constant one.
        gap: (p, n_y): the objective is at most that much above the least; see `lasso`.
    """

    coefficients: Float[Array, "p n_x n_y"]
    r2: Float[Array, "p n_y"]
    gap: Float[Array, "p n_y"]

    def predictors(self, threshold: float = 0.0) -> Int[Array, "p n_y"]:
        """(p, n_y): how many units of x have a coefficient of more than `threshold`, whatever its sign."""
        return in_numpy(_predictors, self.coefficients, threshold)


def sparse_prediction(x: ArrayLike, y: ArrayLike, penalties: ArrayLike) -> SparsePrediction:
    """Predicts each unit of y from few units of x, for a whole path of penalties.

    With both standardised to mean 0 and standard deviation 1 over the m samples, for each unit y and each λ:

        minimise |y − xw|²/2m + λ|w|₁

    λ = 0 is least squares; the larger λ, the fewer units are used, and from the largest absolute correlation on none.
    Swap x and y for the other direction. Solved exactly: see `jaxrepsim.convergent.lasso`.

    Args:
        x: (samples, n_x), the units that predict: raw, one row a sample. A compressed pair has lost its means.
        y: (samples, n_y), the units that are predicted, on the same samples.
        penalties: (p,), each λ, in any order.

    Returns:
        Coefficients of standardised units, R² on these samples, and duality gaps. A constant unit of x has coefficient
        0, a constant unit of y has coefficients 0 and R² 0.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, activations that are not finite, or a penalty below 0,
            infinite or not a number. Traced activations are taken on trust: what rests on one that is not finite
            is NaN.

    Source: Li et al. 2015, Convergent Learning, arXiv:1511.07543, section 4 (one-to-many mappings; trained there by
    gradient descent, solved here).

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (500, 6))
    >>> y = 3 * x[:, :1] - 4 * x[:, 5:]                                # a mix of two units of x
    >>> found = sparse_prediction(x, y, jnp.array([0.0, 0.1, 2.0]))
    >>> print(found.predictors(0.01)[:, 0], [f"{r2:.2f}" for r2 in found.r2[:, 0]])
    [2 2 0] ['1.00', '0.98', '0.00']
    """
    return sparse_prediction_of(moments.of(x, y), penalties)


def sparse_prediction_of(state: Moments, penalties: ArrayLike) -> SparsePrediction:
    """The same from the moments of two networks, which samples of any number leave.

    Args:
        state: Of x and y; `state.networks(1, 0)` predicts the other way round.
        penalties: (p,), each λ, in any order.

    Returns:
        As `sparse_prediction`.

    Raises:
        ValueError: Not two networks, moments that are not finite, or a penalty below 0, infinite or not a number.
    """
    _check_two(state)
    gram, cross = state.within(0), state.between(0, 1)
    found = lasso(gram, cross, penalties)
    return SparsePrediction(found.coefficients, in_numpy(_r2, gram, cross, found.coefficients), found.gap)


def held_out_r2(coefficients: ArrayLike, fitted: Moments, held_out: Moments) -> Float[Array, "p n_y"]:
    """R² of the predictions on samples that were not fitted, from moments alone.

    A sample is standardised by the means and standard deviations of the fitted samples, predicted, and the prediction
    brought back to the scale of y. With ŷ that prediction and ȳ the mean over the held-out samples:

        R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)²

    It is negative where the prediction is worse than that mean.

    Args:
        coefficients: (p, n_x, n_y), of `sparse_prediction_of(fitted, ...)`.
        fitted: The moments of x and y on the samples that were fitted.
        held_out: Those on others.

    Returns:
        (p, n_y), at most 1. It is 0 for a unit of y that is constant on either set of samples. A unit of x that is
        constant on the held-out samples counts there by its mean; one constant where it was fitted predicts nothing.

    Raises:
        ValueError: Not two networks, or numbers of units that do not fit.

    >>> import jax, jax.numpy as jnp
    >>> from jaxrepsim.convergent import moments
    >>> x, other = jax.random.normal(jax.random.key(0), (2, 500, 3))
    >>> first, second = moments.of(x, 2 * x + 1), moments.of(other, 2 * other + 1)
    >>> w = sparse_prediction_of(first, jnp.array([0.0])).coefficients
    >>> held_out_r2(w, first, second).round(3).tolist()
    [[1.0, 1.0, 1.0]]
    """
    w = as_array(coefficients)
    for state in (fitted, held_out):
        _check_two(state)
        shape = tuple(mean.shape[0] for mean in state.means)
        if w.ndim != 3 or w.shape[1:] != shape:
            raise ValueError(
                f"coefficients must have the shape (p, n_x, n_y), for these moments (p, {shape[0]}, {shape[1]}), "
                f"received {w.shape}"
            )
    return in_numpy(_held_out, w, fitted, held_out)


def _held_out(xp: ModuleType, w: Any, fitted: Moments, held_out: Moments) -> Any:
    of_x, of_y = place(fitted, 0), place(fitted, 1)
    std, std_now = standard_deviations(xp, fitted), standard_deviations(xp, held_out)
    y_std, y_std_now = std[of_y], std_now[of_y]
    per_x, per_y = _inverse(xp, std[of_x]), _inverse(xp, y_std_now)
    x_shift, y_shift = (new - old for new, old in zip(held_out.means, fitted.means, strict=True))
    # In standard deviations of the held-out samples.
    rescaled = (per_x * std_now[of_x])[:, None] * w * (per_y * y_std)
    correlation = correlations(xp, held_out)
    bias = per_y * (y_shift - y_std * ((per_x * x_shift) @ w))
    r2 = _explained(xp, correlation[of_x, of_x], correlation[of_x, of_y], rescaled) - bias**2
    # NaN stays: a unit of which nothing is known is not one that never varies.
    return xp.where((y_std == 0) | (y_std_now == 0), 0, r2)


def _r2(xp: ModuleType, gram: Any, cross: Any, w: Any) -> Any:
    return xp.clip(_explained(xp, gram, cross, w), 0, 1)


def _explained(xp: ModuleType, gram: Any, cross: Any, w: Any) -> Any:
    """2bᵀw − wᵀAw of (p, n_x, n_y) coefficients, for each penalty and target."""
    return xp.sum(w * (2 * cross - gram @ w), axis=-2)


def _inverse(xp: ModuleType, std: Any) -> Any:
    """0 for a constant unit."""
    return xp.where(std == 0, 0, 1 / xp.where(std == 0, 1, std))


def _predictors(xp: ModuleType, coefficients: Any, threshold: Any) -> Any:
    return xp.sum(xp.abs(coefficients) > threshold, axis=-2)


def _check_two(state: Moments) -> None:
    if len(state.means) != 2:
        raise ValueError(f"moments of two networks were expected, received those of {len(state.means)}")
