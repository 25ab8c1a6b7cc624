"""The maximum match at one ε."""

from jaxrepsim._typing import ArrayLike
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.profile import MatchProfile, profiled
from jaxrepsim.numerics.few_samples import warn_of_few_samples
from jaxrepsim.numerics.inputs import as_activations, check_one_epsilon


def maximum_match(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> Match:
    """The maximum ε-approximate match: the one that holds every other.

    Matches are closed under union (a span only grows), so there is one largest. It is what is left when every unit
    whose residual exceeds ε is removed, until nothing changes: a unit of a match never is, for the span it needs never
    goes. The order of the removals is free, and that of `match_profile`, the largest residual first, serves all ε at
    once: this is that profile at one ε, so the two agree, and `jax.vmap` over ε costs one peeling.

    A residual that equals ε counts as at most ε: up to √(ε² + r²), r the `jaxrepsim.resolution` of the dtype.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1). Use `jax.vmap` over this argument for several.

    Returns:
        The match, as masks over the units. Its `similarity` is (|X| + |Y|) / (n_x + n_y). Dead units are in no match.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, an ε that is not one number in [0, 1), or a concrete
            activation that is NaN or infinite. Where one is traced, no unit is in the match and its similarity is NaN.

    Source: Wang et al. 2018 (arXiv:1810.11750), algorithm 1.

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (100, 4))
    >>> y = jnp.concatenate([x[:, :2] @ jnp.array([[1.0, 1.0], [2.0, -1.0]]), x[:, :1] ** 2], axis=1)
    >>> match = maximum_match(x, y, 0.1)
    >>> match.x.tolist(), match.y.tolist(), float(match.similarity)
    ([True, True, False, False], [True, True, False], 0.57...)
    """
    check_one_epsilon(epsilon)
    networks = as_activations(x, y)
    warn_of_few_samples(networks)
    return MatchProfile(*profiled(networks)).match(epsilon)
