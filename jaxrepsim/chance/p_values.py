"""How often chance gives as much."""

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float


def p_value(observed: ArrayLike, null: ArrayLike) -> Float[Array, "*batch"]:
    """The one-sided p-value of a similarity: how probable it is that chance gives at least as much.

    (1 + #{null ≥ observed}) / (1 + draws). The observation counts as one draw of the null. Where all draws, the
    observed one included, are exchangeable under the null, P(p ≤ α) ≤ α for every α. It is never 0: a p-value below
    1/(1 + draws) needs more draws.

    Args:
        observed: (*batch,), similarities, or anything of which more says more alike.
        null: (*batch, draws), the same of each draw.

    Returns:
        (*batch,), in [1/(1 + draws), 1].

    Raises:
        ValueError: Shapes that do not go together.

    Source: Phipson and Smyth 2010, Permutation p-values should never be zero, Stat. Appl. Genet. Mol. Biol. 9(1),
    article 39, arXiv:1603.05766.

    >>> p_value(0.5, jnp.array([0.1, 0.6, 0.5, 0.2])).tolist()
    0.60...
    """
    observed, null = jnp.asarray(observed), jnp.asarray(null)
    if null.shape[:-1] != observed.shape or null.ndim == 0:
        raise ValueError(
            f"null must have the shape of observed and one axis more, of the draws; received {null.shape} for "
            f"{observed.shape}"
        )
    reached = ~(null < observed[..., None])  # not ≥: where one of them is not a number, nothing is shown
    return (1.0 + jnp.sum(reached, axis=-1)) / (1.0 + null.shape[-1])
