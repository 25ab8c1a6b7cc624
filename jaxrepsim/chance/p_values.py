"""How often chance gives as much."""

from types import ModuleType
from typing import Any

import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.numerics.concrete import in_numpy
from jaxrepsim.numerics.inputs import as_array, as_dtype


def p_value(observed: ArrayLike, null: ArrayLike) -> Float[Array, "*batch"]:
    """The one-sided p-value of a similarity: how probable it is that chance gives at least as much.

    (1 + #{null ≥ observed}) / (1 + draws). The observation counts as one draw of the null. Where all draws, the
    observed one included, are exchangeable under the null, P(p ≤ α) ≤ α for every α. It is never 0: a p-value below
    1/(1 + draws) needs more draws.

    Args:
        observed: (*batch,), similarities, or anything of which more says more alike.
        null: (*batch, draws), the same of each draw.

    Returns:
        (*batch,), in [1/(1 + draws), 1]; NaN where the observed similarity or one of the draws is NaN.

    Raises:
        ValueError: Shapes that do not go together.

    Source: Phipson and Smyth 2010, Permutation p-values should never be zero, Stat. Appl. Genet. Mol. Biol. 9(1),
    article 39, arXiv:1603.05766.

    >>> p_value(0.5, jnp.array([0.1, 0.6, 0.5, 0.2])).tolist()
    0.60...
    """
    observed, null = as_array(observed), as_array(null)
    if null.shape[:-1] != observed.shape or null.ndim == 0:
        raise ValueError(
            f"null must have the shape of observed and one axis more, of the draws; received {null.shape} for "
            f"{observed.shape}"
        )
    dtype = jnp.result_type(observed, null)
    return in_numpy(_p_value, as_dtype(observed, dtype), as_dtype(null, dtype))


def _p_value(xp: ModuleType, observed: Any, null: Any) -> Any:
    known = ~(xp.isnan(observed) | xp.any(xp.isnan(null), axis=-1))
    reached = xp.sum(null >= observed[..., None], axis=-1)
    return xp.where(known, (1.0 + reached) / (1.0 + null.shape[-1]), xp.nan)
