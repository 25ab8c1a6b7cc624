"""Joint matches: which units recur in all of k networks."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int, Values
from jaxrepsim.matching.profile import matched, mean_similarity, profiled
from jaxrepsim.numerics.few_samples import warn_of_few_samples
from jaxrepsim.numerics.inputs import as_activations, check_epsilon, check_one_epsilon


class JointMatch(NamedTuple):
    """Sets S₁, …, S_k of units, one of each of k networks, as masks; leading axes are batches.

    They are an ε-match of the k networks when every unit of S_a has residual at most ε on span(S_b), for all b ≠ a.
    """

    networks: tuple[Bool[Array, "*batch _"], ...]
    """For each network its units that are in the match."""
    finite: Bool[Values, "*batch"] | bool = True
    """(*batch,), whether all activations were finite numbers: where not, no unit is in the match."""

    @property
    def size(self) -> Int[Array, "*batch"]:
        """Σ |S_a|, in units."""
        return jnp.sum(jnp.concatenate(self.networks, axis=-1), axis=-1)

    @property
    def similarity(self) -> Float[Array, "*batch"]:
        """Σ |S_a| / Σ n_a, in [0, 1]; dead units count below the line. 0 where there are no units at all, NaN where
        activations were not finite."""
        units = sum(units.shape[-1] for units in self.networks)
        return jnp.where(self.finite, self.size / max(units, 1), jnp.nan)


class JointProfile(NamedTuple):
    """Every unit's critical ε: the smallest ε at which it is in the maximum match of all networks.

    Leading axes are batches.
    """

    networks: tuple[Float[Array, "*batch _"], ...]
    """For each network the critical ε of its units: in [0, 1], infinite for a dead unit, NaN where traced activations
    were not finite."""

    def match(self, epsilon: ArrayLike) -> JointMatch:
        """The maximum match at one or several ε.

        Args:
            epsilon: (*e,), in [0, 1).

        Returns:
            Masks (*batch, *e, n_a).
        """
        check_epsilon(epsilon)
        return JointMatch(*matched(self.networks, epsilon))

    def similarity(self, epsilon: ArrayLike) -> Float[Array, "*batch"]:
        """Σ |S_a| / Σ n_a of the maximum match at one or several ε.

        Args:
            epsilon: (*e,), in [0, 1).

        Returns:
            (*batch, *e); NaN where the profile is.
        """
        return self.match(epsilon).similarity

    def auc(self, upper: float = 0.5) -> Float[Array, "*batch"]:
        """The mean of the similarity over ε in [0, upper], exactly: a step function's area over its width.

        Args:
            upper: The right end of the range, in (0, 1].

        Raises:
            ValueError: `upper` outside (0, 1].
        """
        return mean_similarity(jnp.concatenate(self.networks, axis=-1), upper)


def joint_match(networks: Sequence[ArrayLike], epsilon: ArrayLike) -> JointMatch:
    """The maximum ε-match of two or more networks at once: the units that recur in all of them.

    Sets S₁, …, S_k are an ε-match when every unit of S_a has residual at most ε on span(S_b), for all b ≠ a. Such
    matches are closed under union (a span only grows), so one of them holds every other. It is what is left when every
    unit whose residual on some other network exceeds ε is removed, until nothing changes. Of two networks it is
    `maximum_match`; of more, it lies inside the maximum match of each two, and may well be smaller than what is in all
    of these: a unit must be expressed by units that recur themselves.

    Args:
        networks: k ≥ 2 arrays (samples, n_a), the activations of each network on the same samples. Raw or jointly
            compressed alike.
        epsilon: Scalar in [0, 1). Use `jax.vmap` over this argument for several.

    Returns:
        The match, as masks over each network's units. Dead units are in no match.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Fewer than two networks, not two axes, different numbers of samples, an ε that is not one number in
            [0, 1), or a concrete activation that is NaN or infinite. Where one is traced, no unit is in the match and
            its similarity is NaN.

    Source: Wang et al. 2018 (arXiv:1810.11750), algorithm 1, for two networks; that of k is ours, by the same argument.

    >>> import jax, jax.numpy as jnp
    >>> shared, some, own = jnp.split(jax.random.normal(jax.random.key(0), (200, 6)), 3, axis=1)
    >>> x = jnp.concatenate([shared, some], axis=1)
    >>> y = jnp.concatenate([shared @ jnp.array([[1.0, 1.0], [2.0, -1.0]]), some], axis=1)
    >>> z = jnp.concatenate([shared, own], axis=1)
    >>> [units.tolist() for units in joint_match([x, y, z], 0.1).networks]
    [[True, True, False, False], [True, True, False, False], [True, True, False, False]]
    """
    check_one_epsilon(epsilon)
    return joint_profile(networks).match(epsilon)


def joint_profile(networks: Sequence[ArrayLike]) -> JointProfile:
    """The maximum match of two or more networks at every ε: one peeling serves the whole axis.

    As for two networks (`match_profile`), maximum matches are nested in ε: remove the unit whose largest residual over
    the other networks is largest, again and again; its critical ε is the running minimum of these.

    Args:
        networks: k ≥ 2 arrays (samples, n_a), the activations of each network on the same samples. Raw or jointly
            compressed alike. Networks of different width are padded to the largest.

    Returns:
        Critical ε of all units. `profile.match(epsilon)` is `joint_match(networks, epsilon)`; `profile.similarity`,
        `profile.auc` summarise it. Values below `jaxrepsim.resolution` of the dtype read as 0.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Fewer than two networks, not two axes, different numbers of samples, or a concrete activation that
            is NaN or infinite. Where one is traced, every critical ε is NaN.

    It has no gradient, as a match has none: differentiate `residuals`.

    Source: `joint_match` and `match_profile`.

    >>> import jax, jax.numpy as jnp
    >>> shared, tilt, own = jnp.split(jax.random.normal(jax.random.key(0), (200, 6)), 3, axis=1)
    >>> networks = [shared, shared + 0.2 * tilt, jnp.concatenate([shared, own], axis=1)]
    >>> profile = joint_profile(networks)
    >>> [bool(units.any()) for units in profile.match(0.05).networks]
    [False, False, False]
    >>> [units.tolist() for units in profile.match(0.3).networks]
    [[True, True], [True, True], [True, True, False, False]]
    """
    if len(networks) < 2:
        raise ValueError(f"a joint match is of two networks or more, received {len(networks)}")
    arrays = as_activations(*networks)
    warn_of_few_samples(arrays)
    return JointProfile(profiled(arrays))
