"""Residuals on samples that were not fitted."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float, Int, Key
from jaxrepsim.chance.groups import groups_of, order_of_rows, permuted_rows
from jaxrepsim.compression.one_shot import triangle
from jaxrepsim.numerics.buckets import cut, padded, size_bucket, width_bucket
from jaxrepsim.numerics.factor import one_at_a_time
from jaxrepsim.numerics.inputs import as_activations, traced
from jaxrepsim.numerics.permutations import rounds_of
from jaxrepsim.numerics.precision import resolution
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.projection import ridge
from jaxrepsim.numerics.scaling import unit_columns


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
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, groups that do not divide them, or a concrete activation
            that is NaN or infinite. Of traced ones, a unit with such a value reads NaN, and every unit where y has one.

    Source: Stone 1974, Cross-validatory choice and assessment of statistical predictions, J. R. Stat. Soc. B 36 (the
    principle, here with two folds).

    >>> import jax, jax.numpy as jnp
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 60, 40))
    >>> both = jnp.concatenate([x[:, :2], y[:, :1] - 2 * y[:, 1:2]], axis=1)   # two unrelated units, and a related one
    >>> found = cross_validated_residuals(both, y[:, :20], jax.random.key(1))
    >>> bool(found[:2].min() > 1), float(found[2])
    (True, 0.0)
    """
    x, y = networks = as_activations(x, y)
    samples, n_x = x.shape
    if traced(networks, key):
        return _validated(x, y, *halves(key, samples, group_size))
    groups = groups_of(samples, group_size)
    rows, cut_at = size_bucket(samples, 64), groups // 2 * group_size
    order = np.asarray(_order(key, rows, groups, group_size, rounds_of(groups)))[:samples]
    # The rows of a half, and −1 up to the size that programs are compiled for.
    parts = np.full((2, size_bucket(samples - cut_at, 32)), -1, np.int32)
    parts[0, :cut_at], parts[1, : samples - cut_at] = order[:cut_at], order[cut_at:]
    wide = (padded(network, (rows, width_bucket(network.shape[1]))) for network in networks)
    return cut(_validated(*wide, *parts), (n_x,))


_order = jax.jit(order_of_rows, static_argnums=1)


@jax.jit
@with_all_digits
def _validated(
    x: Float[Array, "m n_x"], y: Float[Array, "m n_y"], first: Int[Array, "a"], second: Int[Array, "b"]
) -> Float[Array, "n_x"]:
    finite = jnp.all(jnp.isfinite(x), axis=0) & jnp.all(jnp.isfinite(y))
    unit_x, norm = unit_columns(jnp.where(finite, x, 0.0))
    unit_y, _ = unit_columns(y)

    def half(rows: Array) -> tuple[Array, ...]:
        # All that is asked of a half are inner products within it.
        return triangle(*(jnp.where((rows >= 0)[:, None], units[rows], 0.0) for units in (unit_x, unit_y)))

    (x_a, y_a), (x_b, y_b) = half(first), half(second)
    error_b = x_b - y_b @ _least_squares(y_a, x_a)
    error_a = x_a - y_a @ _least_squares(y_b, x_b)
    squared = jnp.sum(error_a * error_a, axis=0) + jnp.sum(error_b * error_b, axis=0)
    seen = squared > resolution(x.dtype) ** 2
    found = jnp.where(norm > 0, jnp.where(seen, jnp.sqrt(jnp.where(seen, squared, 1.0)), 0.0), 1.0)
    return jnp.where(finite, found, jnp.nan)


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
