"""Residuals on samples that were not fitted."""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float, Int, Key
from jaxrepsim.chance.groups import groups_of, permuted_rows
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.numerics.factor import one_at_a_time
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.numerics.precision import resolution
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.projection import ridge
from jaxrepsim.numerics.scaling import unit_columns


@with_all_digits
def cross_validated_residuals(
    x: ArrayLike, y: ArrayLike, key: Key[Array, ""], group_size: int = 1
) -> Float[Array, "n_x"]:
    """How far every unit of x is from what the units of y predict for samples that were not fitted.

    The samples are split into random halves A and B. For unit v, with c_A the coefficients of minimum norm that
    minimise |x_A − Y_A c|, and c_B those of B:

        r² = (|x_B − Y_B c_A|² + |x_A − Y_A c_B|²) / (|x_A|² + |x_B|²)

    `residuals` fits and measures on the same samples: n units of y on m samples leave √(1 − n/m) of a unit that has
    nothing to do with them, and nothing at all once n reaches m. r does not fall for that reason: for an unrelated unit
    it is about 1 or more. It **may exceed 1**, as a wrong prediction is worse than none, and by far where n is near
    m/2: there a half is only just fitted.

    The minimum norm, which says what unrelated or dependent units of y count, is that for units scaled to norm 1 over
    all samples. Directions of Y_A with a singular value below 1e-10 of the largest (float32: 2e-5) count as not there.
    A dead unit of x reads 1. So does every unit where one half is empty.

    One split is random: use `jax.vmap` over keys and average r² for less of it.

    Args:
        x: (samples, n_x), the units to be predicted: raw, one row a sample. Compressed activations have no samples to
            split.
        y: (samples, n_y), raw activations of the units that predict, on the same samples.
        key: Of the split.
        group_size: Rows come in consecutive groups of that many, such as the positions of one image, which stay in one
            half; static. Of an odd number of groups B has one more.

    Returns:
        (n_x,), at least 0. Values below `jaxrepsim.resolution` of the dtype read as 0.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, or groups that do not divide them.

    Source: Stone 1974, Cross-validatory choice and assessment of statistical predictions, J. R. Stat. Soc. B 36 (the
    principle, here with two folds).

    >>> import jax, jax.numpy as jnp
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 60, 40))
    >>> both = jnp.concatenate([x[:, :2], y[:, :1] - 2 * y[:, 1:2]], axis=1)   # two unrelated units, and a related one
    >>> found = cross_validated_residuals(both, y[:, :20], jax.random.key(1))
    >>> bool(found[:2].min() > 1), float(found[2])
    (True, 0.0)
    """
    x, y = as_activations(x, y)
    unit_x, norm = unit_columns(x)
    unit_y, _ = unit_columns(y)
    first, second = halves(key, len(x), group_size)
    # All that is asked of a half are inner products within it.
    x_a, y_a = compress(unit_x[first], unit_y[first])
    x_b, y_b = compress(unit_x[second], unit_y[second])
    error_b = x_b - y_b @ _least_squares(y_a, x_a)
    error_a = x_a - y_a @ _least_squares(y_b, x_b)
    squared = jnp.sum(error_a * error_a, axis=0) + jnp.sum(error_b * error_b, axis=0)
    seen = squared > resolution(x.dtype) ** 2
    return jnp.where(norm > 0, jnp.where(seen, jnp.sqrt(squared), 0.0), 1.0)


def halves(key: Key[Array, ""], samples: int, group_size: int) -> tuple[Int[Array, "first"], Int[Array, "second"]]:
    """The rows of either half: a random half of the groups, rounded down, and the rest."""
    rows = permuted_rows(key, samples, group_size)
    cut = groups_of(samples, group_size) // 2 * group_size
    return rows[:cut], rows[cut:]


def _least_squares(y: Float[Array, "m n_y"], x: Float[Array, "m n_x"]) -> Float[Array, "n_y n_x"]:
    """The coefficients of minimum norm, by the SVD of y without the directions that are not there."""
    if 0 in y.shape:
        return jnp.zeros((y.shape[1], x.shape[1]), x.dtype)
    left, singular, right = one_at_a_time(lambda matrix: tuple(jnp.linalg.svd(matrix, full_matrices=False)), y)
    there = singular > ridge(y.dtype) * singular[0]
    inverse = jnp.where(there, 1 / jnp.where(there, singular, 1.0), 0.0)
    return right.T @ (inverse[:, None] * (left.T @ x))
