"""The match profile: the maximum match at every ε at once, by peeling."""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float
from jaxrepsim.matching import dual_basis
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.peel import critical_values
from jaxrepsim.numerics.inputs import as_activations, check_epsilon
from jaxrepsim.numerics.products import with_all_digits


class MatchProfile(NamedTuple):
    """Every unit's critical ε: the smallest ε at which it is in the maximum match. Leading axes are batches."""

    x: Float[Array, "*batch n_x"]
    """Critical ε of the first network's units: in [0, 1], infinite for a dead unit."""
    y: Float[Array, "*batch n_y"]
    """Critical ε of the second network's units."""

    def match(self, epsilon: ArrayLike) -> Match:
        """The maximum match at a scalar `epsilon` in [0, 1)."""
        check_epsilon(epsilon)
        return Match(self.x <= epsilon, self.y <= epsilon)

    def similarity(self, epsilon: ArrayLike) -> Float[Array, "*batch"]:
        """(|X| + |Y|) / (n_x + n_y) of the maximum match at a scalar `epsilon` in [0, 1)."""
        return self.match(epsilon).similarity

    def auc(self, upper: float = 0.5) -> Float[Array, "*batch"]:
        """The mean of the similarity over ε in [0, upper], exactly: a step function's area over its width.

        Args:
            upper: The right end of the range, in (0, 1].

        Raises:
            ValueError: `upper` outside (0, 1].
        """
        return mean_similarity(jnp.concatenate([self.x, self.y], axis=-1), upper)


def mean_similarity(critical: Float[Array, "*batch n"], upper: float) -> Float[Array, "*batch"]:
    """The mean over ε in [0, upper] of the share of all units whose critical ε is reached.

    Raises:
        ValueError: `upper` outside (0, 1].
    """
    if not 0 < upper <= 1:
        raise ValueError(f"upper must lie in (0, 1], received {upper}")
    return jnp.sum(jnp.clip(1 - critical / upper, 0, 1), axis=-1) / max(critical.shape[-1], 1)


@with_all_digits
def match_profile(x: ArrayLike, y: ArrayLike) -> MatchProfile:
    """The maximum match at every ε: one peeling serves the whole axis.

    Residuals only grow as units are removed, so maximum matches are nested in ε and form a core decomposition, as
    k-cores do in a graph. Remove the unit with the largest residual, again and again: a unit is in the maximum match
    at ε exactly when all residuals were at most ε at some moment up to its removal. Its critical ε is therefore the
    running minimum of the largest residuals.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.

    Returns:
        Critical ε of all units. `profile.match(epsilon)` is `maximum_match(x, y, epsilon)`; `profile.similarity`,
        `profile.auc` summarise it. Values below `jaxrepsim.resolution` of the dtype read as 0.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, or different numbers of samples.

    Source: the maximum match is that of Wang et al. 2018 (arXiv:1810.11750), section 4.1; the peeling is ours, after
    Batagelj and Zaversnik's algorithm for k-cores (arXiv:cs/0310049).

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (100, 4))
    >>> y = jnp.concatenate([x[:, :2] @ jnp.array([[1.0, 1.0], [2.0, -1.0]]), x[:, :1] ** 2], axis=1)
    >>> profile = match_profile(x, y)
    >>> profile.x.round(2).tolist()
    [0.0, 0.0, 0.9..., 0.9...]
    >>> float(profile.similarity(0.5))
    0.57...
    """
    x, y = as_activations(x, y)
    n_x, n_y = x.shape[1], y.shape[1]
    critical = critical_values(dual_basis.init(x, y))
    return MatchProfile(critical[0, :n_x], critical[1, :n_y])
