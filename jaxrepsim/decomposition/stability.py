"""At which ε matches close under intersection, so that there is one decomposition into simple matches."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float
from jaxrepsim.compression.one_shot import compressed
from jaxrepsim.decomposition.simple import simple_matches
from jaxrepsim.matching import Match, MatchProfile, resolution
from jaxrepsim.matching.profile import profiled
from jaxrepsim.matching.residual import squared_residuals
from jaxrepsim.numerics.buckets import padded, size_bucket, width_bucket
from jaxrepsim.numerics.few_samples import warn_of_few_samples
from jaxrepsim.numerics.inputs import as_activations, check_one_epsilon, traced
from jaxrepsim.numerics.precision import squared_threshold
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns


def stable_intervals(profile: MatchProfile, factor: ArrayLike) -> Float[np.ndarray, "k 2"]:
    """The ε that a match profile does not show to be unstable.

    Let ε_{X,Y} be the least ε at which (X, Y) is a match. ε is *unstable* when some (X, Y) has ε_{X,Y} in (ε, λε], and
    else *stable*: every λε-match is an ε-match. The profile knows some of the ε_{X,Y}: the critical ε of every live
    unit is that of a maximum match, and a live unit alone has 1. A value c rules out the ε in [c/λ, c).

    This is necessary for stability, not sufficient: of the sets that are no maximum match the profile knows nothing.
    `is_stable` decides. As λ is 3 or more, no ε from 1/3 on is stable. ε = 0 is stable for every finite λ: exact
    matches of linearly independent units decompose in one way. Of dependent units (λ infinite) nothing is stable.

    Args:
        profile: Critical ε of all units, not batched.
        factor: λ = 2/sin θ + 1 for the smaller θ of the two networks: the larger `Independence.factor`.

    Returns:
        (k, 2), a NumPy array of float64: disjoint intervals [from, to) in [0, 1), ascending. [0, 1) where all units
        are dead.

    Raises:
        ValueError: λ below 3 or not a number, a batch of profiles, or a critical ε that is NaN.

    Source: Wang et al. 2018 (arXiv:1810.11750), the definition of stability and the uniqueness theorem.

    >>> import jax.numpy as jnp
    >>> profile = MatchProfile(jnp.array([0.0, 0.03]), jnp.array([0.0, 0.03]))
    >>> stable_intervals(profile, 4.0).round(4).tolist()        # ruled out: [0.03/4, 0.03) and [1/4, 1)
    [[0.0, 0.0075], [0.03, 0.25]]
    """
    factor = _checked(factor)
    critical = _critical(profile)
    intervals, start = [], 0.0
    for value in np.unique(np.append(critical, 1.0)) if len(critical) else ():
        if start < value / factor:
            intervals.append((start, value / factor))
        start = max(start, value)
    if start < 1:
        intervals.append((start, 1.0))
    return np.array(intervals, np.float64).reshape(-1, 2)


def is_stable(
    x: ArrayLike, y: ArrayLike, epsilon: float, factor: ArrayLike, matches: Match | None = None
) -> bool | None:
    """Whether ε is stable for a pair: whether every λε-match is an ε-match.

    Where θ is the angle of strong linear independence and λ = 2/sin θ + 1, the intersection of two ε-matches is a
    λε-match. So at a stable ε matches close under intersection, every matched unit is in one minimum match, and there
    is one decomposition into simple matches.

    Three things need no enumeration. A critical ε in (ε, λε], or λε ≥ 1 with any live unit (which alone has
    ε_{X,Y} = 1), makes ε unstable. An empty maximum match at λε, or a λε below the resolution, makes it stable. Else it
    takes all simple λε-matches: every λε-match is a union of them, and unions of ε-matches are ε-matches.

    Runs on the host, not under `jit`.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: In [0, 1).
        factor: λ, for the smaller θ of the two networks: the larger `Independence.factor`.
        matches: All simple matches at λε, in a batch: masks (k, n_x) and (k, n_y).

    Returns:
        True or False; None where only the simple matches could tell and none are given, or not all: those given do not
        make up the maximum match.

    Raises:
        TypeError: Activations that are not real numbers, or a call that is traced.
        ValueError: Not two axes, different numbers of samples, an ε that is not one number in [0, 1), λ below 3 or not
            a number, masks that do not fit the units, or an activation that is NaN or infinite.

    Source: Wang et al. 2018 (arXiv:1810.11750), the definition of stability and the uniqueness theorem.

    >>> import jax.numpy as jnp
    >>> x = jnp.eye(5)[:, :2]
    >>> y = jnp.array([[0.8, 0.0], [0.0, 1.0], [0.6, 0.0], [0.0, 0.0], [0.0, 0.0]])      # residuals 0.6 and 0
    >>> is_stable(x, y, 0.25, 3.0), is_stable(x, y, 0.05, 3.0)    # 0.6 lies in (0.25, 0.75]
    (False, None)
    >>> is_stable(x, y, 0.05, 3.0, Match(jnp.array([[False, True]]), jnp.array([[False, True]])))
    True
    """
    if traced(x, y, epsilon, factor, matches):
        raise TypeError("this decision is taken on the host, so it cannot be traced: call it outside of jit and vmap")
    check_one_epsilon(epsilon)
    factor = _checked(factor)
    networks = as_activations(x, y)
    warn_of_few_samples(networks)
    first, second = few = compressed(networks)
    n_x, n_y = first.shape[1], second.shape[1]
    if matches is not None and (matches.x.shape[1:] != (n_x,) or matches.y.shape[1:] != (n_y,)):
        raise ValueError(f"matches of shapes {matches.x.shape} and {matches.y.shape} do not fit {n_x} and {n_y} units")
    profile = MatchProfile(*profiled(few))
    critical = _critical(profile)
    level = np.inf if np.isinf(factor) else factor * epsilon
    if len(critical) and level >= 1:
        return False
    if np.any((critical > epsilon) & (critical <= level)):
        return False
    if level <= resolution(first.dtype) or not np.any(critical <= level):
        return True
    if matches is None:
        return None
    if not _all_are_matches(few, matches, epsilon):
        return False
    # All simple matches make up the maximum match; if these do not, they are not all, and prove nothing.
    union = np.concatenate([np.any(np.asarray(side), axis=0) for side in matches[:2]])
    return True if np.array_equal(union, _joint(profile) <= level) else None


def is_stable_by_search(
    x: ArrayLike, y: ArrayLike, epsilon: float, factor: float, limit: int, seconds: float
) -> bool | None:
    """`is_stable`, with the simple matches enumerated where they have to decide.

    Args:
        x: As for `is_stable`.
        y: As for `is_stable`.
        epsilon: As for `is_stable`.
        factor: As for `is_stable`.
        limit: As for `simple_matches`, of which it needs the package.
        seconds: As for `simple_matches`.

    Returns:
        True or False; None where the enumeration that would decide was stopped.

    Raises:
        TypeError: As for `is_stable`.
        ValueError: As for `is_stable`.
    """
    decided = is_stable(x, y, epsilon, factor)
    if decided is not None:
        return decided
    iterator = simple_matches(x, y, factor * epsilon, limit, seconds)
    found = [simple.match for simple in iterator]
    if not found:
        return None
    masks = Match(*(np.stack([getattr(match, side) for match in found]) for side in "xy"))  # type: ignore[arg-type]
    decided = is_stable(x, y, epsilon, factor, masks)
    # One simple match that is no ε-match settles it; that all are settles it only if these are all.
    return decided if decided is False or iterator.complete else None


def _all_are_matches(networks: Sequence[Array], matches: Match, epsilon: float) -> bool:
    """Padded with empty matches and dead units, so that few sizes are compiled."""
    rows = size_bucket(networks[0].shape[0], 16)
    units = [width_bucket(network.shape[1]) for network in networks]
    k = size_bucket(len(matches.x), 8)
    wide = (padded(network, (rows, size)) for network, size in zip(networks, units, strict=True))
    masks = (padded(np.asarray(side, bool), (k, size)) for side, size in zip(matches[:2], units, strict=True))
    return bool(np.all(_are_matches(*wide, *masks, epsilon)))


@jax.jit
@with_all_digits
def _are_matches(
    x: Float[Array, "m n_x"],
    y: Float[Array, "m n_y"],
    in_x: Bool[Array, "k n_x"],
    in_y: Bool[Array, "k n_y"],
    epsilon: ArrayLike,
) -> Bool[Array, "k"]:
    """For each (X, Y) whether it is an ε-match, by residuals from factorisations of its own."""
    threshold = squared_threshold(jnp.asarray(epsilon), x.dtype)
    (x, norm_x), (y, norm_y) = unit_columns(x), unit_columns(y)

    def one(match: tuple[Array, Array]) -> Array:
        of_x, of_y = match
        near_x = (norm_x > 0) & (squared_residuals(x, y * of_y) <= threshold)
        near_y = (norm_y > 0) & (squared_residuals(y, x * of_x) <= threshold)
        return jnp.all(near_x | ~of_x) & jnp.all(near_y | ~of_y)

    return jax.lax.map(one, (in_x, in_y))


def _critical(profile: MatchProfile) -> Float[np.ndarray, "n"]:
    """The critical ε of the live units."""
    both = _joint(profile)
    return both[np.isfinite(both)]


def _joint(profile: MatchProfile) -> Float[np.ndarray, "n"]:
    x, y = np.asarray(profile.x, np.float64), np.asarray(profile.y, np.float64)
    if x.ndim != 1 or y.ndim != 1:
        raise ValueError(f"a single profile is needed, received shapes {x.shape} and {y.shape}")
    if np.isnan(x).any() or np.isnan(y).any():
        raise ValueError("some critical ε is NaN: the activations that the profile is of were not finite")
    return np.concatenate([x, y])


def _checked(factor: ArrayLike) -> float:
    value = float(np.asarray(factor))
    if not value >= 3:
        raise ValueError(f"factor is 2/sin θ + 1, so at least 3, received {factor}")
    return value
