"""The null of random vectors: a network of the same spectrum, in a random place.

Only the inner products of y' = U F with x matter, U a random orthonormal frame of R^m and F any factor of y's Gram
matrix, FᵀF = yᵀy. The directions outside span(x) are alike, so that U need not be drawn in R^m. A frame is Z T⁻¹ for a
matrix Z of independent normal numbers and its triangular factor T. In a basis that begins with one of span(x), the
first rows of Z are a normal matrix G, and those that remain have the triangular factor B of a normal matrix, whose
entries are independent too: normal above the diagonal, and chi variates of falling degrees of freedom on it (Bartlett).
So U = [G; B] T⁻¹ with T that of [G; B], whatever the number of samples.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array, ArrayLike, Float, Int, Key, Values
from jaxrepsim.chance.draws import Draws, check_draws, for_each_draw, of_draws
from jaxrepsim.compression.one_shot import compressed
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.matching.profile import MatchProfile, match_profile
from jaxrepsim.numerics.buckets import cut, padded, width_bucket
from jaxrepsim.numerics.factor import one_at_a_time, orthonormal_basis, triangular_factor
from jaxrepsim.numerics.inputs import as_activations, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns


def random_profiles(
    x: ArrayLike, y: ArrayLike, key: Key[Array, ""], draws: int, samples: ArrayLike | None = None
) -> MatchProfile:
    """Match profiles of x and of random vectors with y's inner products: one of them for each draw.

    For a random orthonormal frame U of R^m, Haar distributed and independent of x, and FᵀF = yᵀy: the profile of
    (x, U F). The random units have exactly the norms, correlations and spectrum of y, and no relation to x: the squared
    residual of each on span(x) is 1 − d/m on average, d = rank(x).

    A draw costs O((n_x + n_y)³), whatever the number of samples.

    Args:
        x: (rows, n_x), activations of the first network, raw or compressed.
        y: (rows, n_y), activations of the second on the same samples.
        key: Of all draws.
        draws: How many; static.
        samples: m, the number of samples of the raw activations: at least the rank of x and of y, as it is when they
            were measured on that many. By default the number of rows, right for raw activations only. May be traced.

    Returns:
        Profiles in a batch: critical ε (draws, n_x) and (draws, n_y).

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of rows, a concrete number of samples below 1, no draw, or a
            concrete activation that is NaN or infinite. Where one is traced, every critical ε is NaN.

    Source: Stewart 1980, SIAM J. Numer. Anal. 17 (random frames by QR); Bartlett 1933, Proc. R. Soc. Edinburgh 53, and
    Muirhead 1982, Aspects of Multivariate Statistical Theory, theorem 3.2.14 (the triangular factor).

    >>> import jax
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 8, 4))
    >>> null = jax.jit(lambda samples: random_profiles(x, y, jax.random.key(1), 3, samples))
    >>> [null(samples).similarity(0.98).tolist() for samples in (4, 10_000)]
    [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """
    networks = as_activations(x, y)
    m = networks[0].shape[0] if samples is None else samples
    _check_samples(samples)
    check_draws(draws)
    if traced(networks, key, m):
        return _compiled(networks, key, draws, m)
    n_x, n_y = sizes = tuple(network.shape[1] for network in networks)
    n = width_bucket(max(sizes))
    few = [padded(compressed([network])[0], (n, n)) for network in networks]
    factors = tuple(_principal(part, m, size) for part, size in zip(few, sizes, strict=True))
    every = Draws(key, draws, prepared([cut(of, (n, size)) for of, size in zip(factors, sizes, strict=True)]))
    return every.profiles(
        lambda which, count: _cross(factors, every.keys, which, count, (n_x, n_y, m)),
        lambda which, count: _rows(factors, every.keys, which, count, (n_x, n_y, m)),
    )


Sizes = tuple[Values | int, Values | int, Values | int]
Factors = tuple[Float[Array, "n_x n_x"], Float[Array, "n_y n_y"]]


@jax.jit
@with_all_digits
def _cross(factors: Factors, keys: Array, which: Array, count: Array, sizes: tuple) -> Float[Array, "draws n n"]:
    def one(key: Array) -> Array:
        x, y = random_pair(key, *factors, sizes)
        return x.T @ y

    return of_draws(one, keys, which, count, 16 * factors[0].nbytes)


@jax.jit
@with_all_digits
def _rows(factors: Factors, keys: Array, which: Array, count: Array, sizes: tuple) -> tuple[Array, Array]:
    return of_draws(lambda key: random_pair(key, *factors, sizes), keys, which, count, 16 * factors[0].nbytes)


@partial(jax.jit, static_argnums=2)
@with_all_digits
def _compiled(networks: tuple[Array, Array], key: Array, draws: int, samples: Int[Array, ""]) -> MatchProfile:
    of_x, of_y = (principal_factor(network, samples) for network in networks)

    def profile(key: Array) -> MatchProfile:
        return match_profile(*random_pair(key, of_x, of_y, (len(of_x), len(of_y), samples)))

    return for_each_draw(profile, key, draws, 16 * (len(of_x) + len(of_y)) ** 2 * of_x.dtype.itemsize)


def principal_factor(
    x: Float[Array, "m n"], samples: Int[Array, ""] | int, units: Int[Array, ""] | int | None = None
) -> Float[Array, "n n"]:
    """F with FᵀF = xᵀx for the unit columns of x, its rows falling in norm and orthogonal: S Vᵀ of the SVD.

    Args:
        x: (rows, n).
        samples: No more directions than that are there; what rounding leaves of others is taken away.
        units: How many of the columns are units, where those after them are padding.

    Returns:
        (n, n), with a zero row for each direction that is not there. Of each row the largest entry is positive, so that
        it does not depend on the factorisation.
    """
    n = x.shape[1]
    if n == 0:
        return jnp.zeros((0, 0), x.dtype)
    units = n if units is None else units
    scaled, _ = unit_columns(x)
    triangle = triangular_factor(jnp.pad(scaled, ((0, max(n - x.shape[0], 0)), (0, 0))))
    _, singular, right = one_at_a_time(lambda r: tuple(jnp.linalg.svd(r)), triangle)
    largest = jnp.take_along_axis(right, jnp.argmax(jnp.abs(right), axis=1)[:, None], axis=1)
    place = jnp.arange(n)
    there = (place < samples) & (place < units)
    factor = jnp.where(there, singular, 0.0)[:, None] * right * jnp.where(largest < 0, -1.0, 1.0).astype(x.dtype)
    return jnp.where(place < units, factor, 0.0)


_principal = jax.jit(with_all_digits(principal_factor))


def random_pair(
    key: Key[Array, ""],
    of_x: Float[Array, "n_x n_x"],
    of_y: Float[Array, "n_y n_y"],
    sizes: Sizes,
) -> tuple[Float[Array, "rows n_x"], Float[Array, "rows n_y"]]:
    """x, and random vectors in the place of y, both in the coordinates of the joint span.

    Args:
        key: Of this draw.
        of_x: The principal factor of x.
        of_y: That of y.
        sizes: How many of the columns of x and of y are units, where those after them are padding; and m, the
            dimension of the space.

    Returns:
        (n_x + n_y, n_x) and (n_x + n_y, n_y).
    """
    x = jnp.pad(of_x, ((0, len(of_y)), (0, 0)))
    if not len(of_y):
        return x, jnp.zeros((len(of_x), 0), of_y.dtype)
    return x, random_frame(key, (len(of_x), len(of_y)), sizes, of_y.dtype) @ of_y


def random_frame(
    key: Key[Array, ""], shape: tuple[int, int], sizes: Sizes, dtype: jnp.dtype
) -> Float[Array, "rows n_y"]:
    """A Haar random orthonormal frame of R^m: n_x coordinates of it, and then those in its own rest of the space.

    R^m has m directions. So coordinates of x from the m-th on are zero, as x is there; the rest has min(m − n_x, n_y)
    dimensions; and columns from the m-th on have no meaning, as y's principal factor is zero there.
    """
    above, beside, below = jax.random.split(key, 3)
    (high, wide), (n_x, n_y, samples) = shape, sizes
    rows, there = jnp.arange(wide), jnp.arange(wide) < n_y
    inside = jnp.minimum(n_x, samples)
    top = jnp.where((jnp.arange(high) < inside)[:, None] & there, _normal(above, (high, wide), n_y, dtype), 0.0)
    freedom = samples - inside - rows
    chi = jnp.sqrt(jax.random.chisquare(below, jnp.maximum(freedom, 1).astype(dtype), dtype=dtype))
    rest = jnp.triu(_normal(beside, (wide, wide), n_y, dtype), 1) + jnp.diag(chi)
    rest = jnp.where((freedom > 0)[:, None] & there[:, None] & there, rest, 0.0)
    frame, triangle = orthonormal_basis(jnp.concatenate([top, rest]))
    # Householder's signs follow from the numbers drawn. With a positive diagonal the frame has no preferred direction.
    return frame * jnp.where(jnp.diagonal(triangle) < 0, -1.0, 1.0).astype(dtype)


def _normal(key: Array, shape: tuple[int, int], width: Values | int, dtype: jnp.dtype) -> Float[Array, "m n"]:
    """Normal numbers, the first `width` columns those that an array of just that width would have, whatever is beside.

    A number depends on its place in the flat array alone.
    """
    place = jnp.arange(shape[0])[:, None] * width + jnp.arange(shape[1])
    return jax.random.normal(key, (shape[0] * shape[1],), dtype)[place]


def _check_samples(samples: ArrayLike | None) -> None:
    if samples is None or isinstance(samples, Tracer):
        return
    if np.any(np.asarray(samples) < 1):
        raise ValueError(f"samples must be at least 1, received {samples}: it is the number of raw samples")
