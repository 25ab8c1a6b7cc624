"""A similarity beside those that chance gives."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float, Int, Key
from jaxrepsim.chance.draws import check_draws
from jaxrepsim.chance.groups import groups_of
from jaxrepsim.chance.p_values import p_value
from jaxrepsim.chance.random_subspaces import random_profiles
from jaxrepsim.chance.shuffled import shuffled_profiles
from jaxrepsim.matching.profile import MatchProfile, profiled
from jaxrepsim.numerics.buckets import padded, size_bucket
from jaxrepsim.numerics.inputs import as_activations, as_array, check_epsilon, on_device, traced
from jaxrepsim.numerics.precision import reached


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
        TypeError: Activations that are not real numbers.
        ValueError: As for both nulls; `epsilons` of another shape, or outside [0, 1); or a concrete activation that is
            NaN or infinite. Where one is traced, all similarities and p-values are NaN.

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (40, 4))
    >>> chance_of = jax.jit(similarity_against_chance, static_argnames=("draws", "group_size"))
    >>> against = chance_of(x, x, jnp.array([0.1, 0.5]), jax.random.key(1), draws=4)
    >>> against.observed.tolist(), against.shuffled.shape, against.p_shuffled.tolist()
    ([1.0, 1.0], (2, 4), [0.20..., 0.20...])
    """
    check_epsilon(epsilons)
    if np.ndim(epsilons) != 1:
        raise ValueError(f"epsilons must have the shape (e,), received {np.shape(epsilons)}")
    x, y = networks = as_activations(x, y)
    groups_of(x.shape[0], group_size)
    check_draws(draws)
    if traced(networks, epsilons, key):
        return _compiled(networks, jnp.asarray(epsilons), key, draws, group_size)
    for_shuffled, for_random = _two(key)
    profiles = (
        jax.tree.map(lambda critical: critical[None], jax.device_get(MatchProfile(*profiled(networks)))),
        shuffled_profiles(x, y, for_shuffled, draws, group_size),
        random_profiles(x, y, for_random, draws),
    )
    observed, shuffled, random = (_similarities(profile, as_array(epsilons)) for profile in profiles)
    return AgainstChance(on_device(observed[:, 0]), on_device(shuffled), on_device(random))


@partial(jax.jit, static_argnums=(3, 4))
def _compiled(networks: tuple[Array, Array], epsilons: Array, key: Array, draws: int, group_size: int) -> AgainstChance:
    (x, y), (for_shuffled, for_random) = networks, _two(key)
    profiles = (
        MatchProfile(*profiled(networks)),
        shuffled_profiles(x, y, for_shuffled, draws, group_size),
        random_profiles(x, y, for_random, draws),
    )
    return AgainstChance(*(jax.vmap(profile.similarity)(epsilons) for profile in profiles))


@jax.jit
def _two(key: Array) -> tuple[Array, Array]:
    first, second = jax.random.split(key)
    return first, second


def _similarities(profile: MatchProfile, epsilons: Array | np.ndarray) -> np.ndarray:
    """(e, draws), of concrete profiles, padded with dead units."""
    critical = np.concatenate(jax.device_get(profile), axis=1)
    (draws, units), e = critical.shape, epsilons.shape[0]
    wide = np.full((size_bucket(draws, 16), size_bucket(units, 32)), np.inf, critical.dtype)
    wide[:draws, :units] = critical
    return np.asarray(_shares(wide, padded(epsilons, (size_bucket(e, 8),)), max(units, 1)))[:e, :draws]


@jax.jit
def _shares(
    critical: Float[Array, "draws n"], epsilons: Float[Array, "e"], units: Int[Array, ""] | int
) -> Float[Array, "e draws"]:
    return jnp.sum(reached(critical, epsilons[:, None, None]), axis=-1) / units
