"""The null of shuffled samples: each network as it is, but no sample of one corresponds to the same of the other."""

from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Key
from jaxrepsim.chance.draws import for_each_draw
from jaxrepsim.chance.groups import groups_of, permuted_rows
from jaxrepsim.matching import dual_basis
from jaxrepsim.matching.dual_basis import Either
from jaxrepsim.matching.peel import critical_values
from jaxrepsim.matching.profile import MatchProfile
from jaxrepsim.numerics.inputs import as_activations
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns


@with_all_digits
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
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, groups that do not divide them, or no draw.

    Source: Fisher 1935, The Design of Experiments (the permutation test); Winkler et al. 2014, NeuroImage 92
    (blocks that are exchangeable as a whole).

    >>> import jax
    >>> x = jax.random.normal(jax.random.key(0), (40, 4))
    >>> null = shuffled_profiles(x, 2 * x, jax.random.key(1), draws=3)
    >>> null.x.shape, null.similarity(0.5).tolist()
    ((3, 4), [0.0, 0.0, 0.0])
    """
    x, y = as_activations(x, y)
    (samples, n_x), n_y = x.shape, y.shape[1]
    groups_of(samples, group_size)
    unit_x, _ = unit_columns(x)
    unit_y, _ = unit_columns(y)
    n = max(1, n_x, n_y)
    own, cross = dual_basis.products(unit_x, unit_y)
    own, cross = dual_basis.stacked(own, n), dual_basis.stacked(cross, n)
    products = dual_basis.normalised(own, cross)

    def profile(key: Array) -> MatchProfile:
        moved = unit_y[permuted_rows(key, samples, group_size)]
        cross = dual_basis.stacked([unit_x.T @ moved], n)
        source = Either(products._replace(cross=cross), (unit_x, moved))
        critical = critical_values(source.basis(products.alive))
        return MatchProfile(critical[0, :n_x], critical[1, :n_y])

    # The factorisation that is there for dependent units takes copies of both sides, and the peel some of (2, n, n).
    return for_each_draw(profile, key, draws, 4 * (x.nbytes + y.nbytes) + 6 * products.own.nbytes)
