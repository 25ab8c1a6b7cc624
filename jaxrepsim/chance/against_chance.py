"""A similarity beside those that chance gives."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Float, Key
from jaxrepsim.chance.p_values import p_value
from jaxrepsim.chance.random_subspaces import random_profiles
from jaxrepsim.chance.shuffled import shuffled_profiles
from jaxrepsim.matching.profile import MatchProfile, match_profile
from jaxrepsim.numerics.inputs import check_epsilon


class AgainstChance(NamedTuple):
    """The similarity of the maximum match at some ε, and that of the draws of two nulls. Leading axes are batches."""

    observed: Float[Array, "*batch e"]
    """Of the networks as they are."""
    shuffled: Float[Array, "*batch e draws"]
    """Of the second network's samples in random order."""
    random: Float[Array, "*batch e draws"]
    """Of random vectors with the second network's inner products."""

    @property
    def p_shuffled(self) -> Float[Array, "*batch e"]:
        """The p-value by shuffled samples, at each ε by itself: nothing is corrected for the number of ε."""
        return p_value(self.observed, self.shuffled)

    @property
    def p_random(self) -> Float[Array, "*batch e"]:
        """The p-value by random vectors, at each ε by itself."""
        return p_value(self.observed, self.random)


def similarity_against_chance(
    x: ArrayLike, y: ArrayLike, epsilons: ArrayLike, key: Key[Array, ""], draws: int, group_size: int = 1
) -> AgainstChance:
    """The similarity at some ε beside what shuffled samples and random vectors give: see `shuffled_profiles` and
    `random_profiles` for what each null keeps.

    Random vectors know no groups: they are drawn for that many samples, each a direction of its own. Where
    `group_size` is above 1 and positions of an image are alike, prefer the p-value by shuffling.

    Args:
        x: (samples, n_x), raw activations of the first network, one row a sample.
        y: (samples, n_y), raw activations of the second on the same samples.
        epsilons: (e,), each in [0, 1).
        key: Of all draws of both nulls.
        draws: How many of each null; static. The least p-value is 1/(1 + draws).
        group_size: Rows that are shuffled together; static.

    Returns:
        Similarities, with p-values as properties.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: As for both nulls; or `epsilons` of another shape, or outside [0, 1).

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (40, 4))
    >>> chance_of = jax.jit(similarity_against_chance, static_argnames=("draws", "group_size"))
    >>> against = chance_of(x, x, jnp.array([0.1, 0.5]), jax.random.key(1), draws=4)
    >>> against.observed.tolist(), against.shuffled.shape, against.p_shuffled.tolist()
    ([1.0, 1.0], (2, 4), [0.20..., 0.20...])
    """
    check_epsilon(epsilons)
    at = jnp.asarray(epsilons)
    if at.ndim != 1:
        raise ValueError(f"epsilons must have the shape (e,), received {at.shape}")
    for_shuffled, for_random = jax.random.split(key)

    def similarities(profile: MatchProfile) -> Array:
        return jax.vmap(profile.similarity)(at)

    shuffled = shuffled_profiles(x, y, for_shuffled, draws, group_size)
    random = random_profiles(x, y, for_random, draws)
    return AgainstChance(similarities(match_profile(x, y)), similarities(shuffled), similarities(random))
