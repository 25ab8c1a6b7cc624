"""A similarity matrix in the order of an assignment: to draw it after alignment."""

from types import ModuleType
from typing import Any

import numpy as np
from jax.core import Tracer

from jaxrepsim._typing import Array, ArrayLike, Float, Int
from jaxrepsim.convergent.similarities import check_partners, check_similarity
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_array


def column_order(partner: ArrayLike, n_y: int) -> Int[Array, "n_y"]:
    """The y units in the order of the x units that they are partners of, those of none last, as they came.

    Args:
        partner: (n_x,), one to one, −1 for none.
        n_y: The number of y units.

    Returns:
        (n_y,), a permutation: `within_y[order][:, order]` is y's own correlations, aligned with those of x.

    Raises:
        TypeError: Partners that are not whole numbers.
        ValueError: Not one axis, a partner that is no y unit, or one given twice. Traced ones are taken on trust.

    >>> import jax.numpy as jnp
    >>> column_order(jnp.array([2, 0]), 4).tolist()
    [2, 0, 1, 3]
    """
    partner = as_array(partner)
    check_partners(partner, n_y, "y")
    if not isinstance(partner, Tracer):
        taken, times = np.unique(np.asarray(partner), return_counts=True)
        twice = taken[(times > 1) & (taken >= 0)]
        if twice.size:
            raise ValueError(
                f"unit {twice[0]} of y is the partner of several units of x: the matching is not one to one"
            )
    return in_numpy(_order, partner, n_y=n_y)


def permuted(similarity: ArrayLike, partner: ArrayLike) -> Float[Array, "n_x n_y"]:
    """The matrix with its columns reordered so that partners lie on the diagonal, to draw it after alignment.

    Args:
        similarity: (n_x, n_y).
        partner: (n_x,), one to one, −1 for none.

    Returns:
        (n_x, n_y). Columns of units that are nobody's partner come last, as they came. Where x units have none, the
        partners of the others lie on the diagonal of their rows alone.

    Raises:
        TypeError: Similarities that are not real floating numbers, or partners that are not whole ones.
        ValueError: Similarities that are not a matrix or not finite; partners of other units than these, or one given
            twice.

    Source: Li et al. 2015 (arXiv:1511.07543), the figure of correlation matrices before and after alignment.

    >>> import jax.numpy as jnp
    >>> permuted(jnp.array([[0.5, 0.75, 0.0], [1.0, 0.25, 0.125]]), jnp.array([1, 0])).tolist()
    [[0.75, 0.5, 0.0], [0.25, 1.0, 0.125]]
    """
    similarity = check_similarity(similarity)
    n_x, n_y = similarity.shape
    if np.shape(partner) != (n_x,):
        raise ValueError(f"{n_x} units of x need as many partners, received an array of shape {np.shape(partner)}")
    return in_numpy(_permuted, similarity, column_order(partner, n_y))


def _order(xp: ModuleType, partner: Any, *, n_y: int) -> Any:
    n_x = partner.shape[0]
    # Whose partner each y unit is, n_x for nobody's; x units without a partner meet none.
    is_partner = (partner[:, None] == xp.arange(n_y)) & (partner >= 0)[:, None]
    place = xp.min(xp.where(is_partner, xp.arange(n_x)[:, None], n_x), axis=0, initial=n_x)
    return xp.argsort(place, stable=True)


def _permuted(_: ModuleType, similarity: Any, order: Any) -> Any:
    return similarity[:, order]
