"""The null of shuffled samples: each network as it is, but no sample of one corresponds to the same of the other."""

from functools import partial

import jax
import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float, Key
from jaxrepsim.chance.draws import Draws, check_draws, for_each_draw, of_draws
from jaxrepsim.chance.groups import groups_of, order_of_rows, permuted_rows
from jaxrepsim.compression.one_shot import triangle
from jaxrepsim.matching import dual_basis
from jaxrepsim.matching.dual_basis import Either
from jaxrepsim.matching.peel import critical_values
from jaxrepsim.matching.prepared import prepared
from jaxrepsim.matching.profile import MatchProfile
from jaxrepsim.numerics.buckets import padded, size_bucket, width_bucket
from jaxrepsim.numerics.inputs import as_activations, traced
from jaxrepsim.numerics.permutations import rounds_of
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns

Networks = tuple[Float[Array, "m n_x"], Float[Array, "m n_y"]]


def shuffled_profiles(x: ArrayLike, y: ArrayLike, key: Key[Array, ""], draws: int, group_size: int = 1) -> MatchProfile:
    """Match profiles of x and of y with its samples in random order: one of them for each draw.

    For a random permutation matrix P: the profile of (x, P y). Inner products within each network stay as they are,
    (P y)ᵀ(P y) = yᵀy, and only the cross products xᵀP y are computed anew. Where the samples of x and y are independent
    of each other, all orders are equally likely, the one that was observed included: `p_value` is then exact.

    Positions of one image are not independent samples: give their number as `group_size`, and images are permuted as
    blocks. Row-wise shuffling would also destroy what is alike within an image, and find too little chance similarity.

    Args:
        x: (samples, n_x), activations of the first network: raw, one row a sample. Compressed activations have no
            samples to permute, and their rows in another order are no null.
        y: (samples, n_y), raw activations of the second network on the same samples.
        key: Of all draws.
        draws: How many; static.
        group_size: Rows come in consecutive groups of that many, which stay together; static.

    Returns:
        Profiles in a batch: critical ε (draws, n_x) and (draws, n_y).

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, groups that do not divide them, no draw, or a concrete
            activation that is NaN or infinite. Where one is traced, every critical ε is NaN.

    Source: Fisher 1935, The Design of Experiments (the permutation test); Winkler et al. 2014, NeuroImage 92
    (blocks that are exchangeable as a whole).

    >>> import jax
    >>> x = jax.random.normal(jax.random.key(0), (40, 4))
    >>> null = shuffled_profiles(x, 2 * x, jax.random.key(1), draws=3)
    >>> null.x.shape, null.similarity(0.5).tolist()
    ((3, 4), [0.0, 0.0, 0.0])
    """
    networks = as_activations(x, y)
    samples = networks[0].shape[0]
    groups = groups_of(samples, group_size)
    check_draws(draws)
    if traced(networks, key):
        return _compiled(networks, key, draws, group_size)
    every = Draws(key, draws, prepared(networks))
    rows = size_bucket(samples, 64)
    units = _units(*(padded(network, (rows, width_bucket(network.shape[1]))) for network in networks))
    order = groups, group_size, rounds_of(groups)
    return every.profiles(
        lambda which, count: _cross(units, every.keys, which, count, order),
        lambda which, count: _few(units, every.keys, which, count, order),
    )


@jax.jit
def _units(*networks: Float[Array, "m _"]) -> tuple[Array, ...]:
    return tuple(unit_columns(network)[0] for network in networks)


@jax.jit
@with_all_digits
def _cross(units: Networks, keys: Array, which: Array, count: Array, order: tuple) -> Float[Array, "draws n_x n_y"]:
    x, y = units
    return of_draws(lambda key: x.T @ y[order_of_rows(key, len(y), *order)], keys, which, count, y.nbytes)


@jax.jit
@with_all_digits
def _few(units: Networks, keys: Array, which: Array, count: Array, order: tuple) -> tuple[Array, ...]:
    x, y = units
    nbytes = 2 * (x.nbytes + y.nbytes)
    return of_draws(lambda key: triangle(x, y[order_of_rows(key, len(y), *order)]), keys, which, count, nbytes)


@partial(jax.jit, static_argnums=(2, 3))
@with_all_digits
def _compiled(networks: Networks, key: Array, draws: int, group_size: int) -> MatchProfile:
    (samples, n_x), n_y = networks[0].shape, networks[1].shape[1]
    unit_x, unit_y = (unit_columns(network)[0] for network in networks)
    n = max(1, n_x, n_y)
    own, cross = (dual_basis.stacked(part, n) for part in dual_basis.products(unit_x, unit_y))
    finite = jnp.all(jnp.isfinite(own))
    products = dual_basis.normalised(own, cross)

    def profile(key: Array) -> MatchProfile:
        moved = unit_y[permuted_rows(key, samples, group_size)]
        cross = dual_basis.stacked([unit_x.T @ moved], n)
        source = Either(products._replace(cross=cross), (unit_x, moved))
        critical = jnp.where(finite, critical_values(source.basis(products.alive)), jnp.nan)
        return MatchProfile(critical[0, :n_x], critical[1, :n_y])

    # The factorisation that is there for dependent units takes copies of both sides, and the peel some of (2, n, n).
    nbytes = 4 * sum(network.nbytes for network in networks) + 6 * products.own.nbytes
    return for_each_draw(profile, key, draws, nbytes)
