"""The match profile: the maximum match at every ε at once, by peeling."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Bool, Float, Int, Values
from jaxrepsim.matching.dual_basis import Either, Gram, Rows
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.notebook import labelled, similarity_curve
from jaxrepsim.matching.peel import as_critical, critical_values, peel_until
from jaxrepsim.matching.prepared import WIDE, Prepared, basis_of, prepared
from jaxrepsim.numerics.buckets import units_bucket
from jaxrepsim.numerics.few_samples import warn_of_few_samples
from jaxrepsim.numerics.gradients import without_gradient
from jaxrepsim.numerics.inputs import as_activations, check_epsilon, on_device, traced
from jaxrepsim.numerics.precision import reached
from jaxrepsim.numerics.products import with_all_digits

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from xarray import Dataset


class MatchProfile(NamedTuple):
    """Every unit's critical ε: the smallest ε at which it is in the maximum match. Leading axes are batches."""

    x: Float[Array, "*batch n_x"]
    """Critical ε of the first network's units: in [0, 1], infinite for a dead unit, NaN where traced activations were
    not finite."""
    y: Float[Array, "*batch n_y"]
    """Critical ε of the second network's units."""

    def match(self, epsilon: ArrayLike) -> Match:
        """The maximum match at one or several ε.

        Args:
            epsilon: (*e,), in [0, 1).

        Returns:
            Masks (*batch, *e, n_x) and (*batch, *e, n_y).
        """
        check_epsilon(epsilon)
        (x, y), finite = matched(self, epsilon)
        return Match(x, y, finite)

    def similarity(self, epsilon: ArrayLike) -> Float[Array, "*batch"]:
        """(|X| + |Y|) / (n_x + n_y) of the maximum match at one or several ε.

        Args:
            epsilon: (*e,), in [0, 1).

        Returns:
            (*batch, *e); NaN where the profile is.
        """
        return self.match(epsilon).similarity

    def to_xarray(self) -> "Dataset":
        """Critical ε as labelled arrays, `critical_x` along `unit_x` and `critical_y` along `unit_y`."""
        words = {"long_name": "critical ε", "description": "Smallest ε at which the unit is in the maximum match."}
        return labelled("critical", self, words)

    def plot(self) -> "Figure":
        """Similarity against ε, of a profile without batch axes.

        Raises:
            ValueError: The profile has batch axes.
        """
        return similarity_curve(self)

    def auc(self, upper: float = 0.5) -> Float[Array, "*batch"]:
        """The mean of the similarity over ε in [0, upper], exactly: a step function's area over its width.

        Args:
            upper: The right end of the range, in (0, 1].

        Raises:
            ValueError: `upper` outside (0, 1].
        """
        return mean_similarity(jnp.concatenate([self.x, self.y], axis=-1), upper)


def matched(
    networks: Sequence[Float[Values, "*batch _"]], epsilon: ArrayLike
) -> tuple[tuple[Bool[Array, "*batch_e _"], ...], Bool[Array, "*batch_e"]]:
    """For each network the units whose critical ε is reached, at each ε; and whether critical ε are numbers."""
    xp, out = (jnp, jnp.asarray) if traced(networks, epsilon) else (np, on_device)
    values, at = [xp.asarray(critical) for critical in networks], xp.asarray(epsilon)
    batch = values[0].shape[:-1]
    between = (*batch, *(1,) * at.ndim)
    masks = tuple(out(reached(v.reshape(*between, v.shape[-1]), at[..., None].astype(v.dtype))) for v in values)
    known = ~xp.isnan(xp.concatenate(values, axis=-1)).any(axis=-1)
    return masks, out(xp.broadcast_to(known.reshape(between), (*batch, *at.shape)))


def mean_similarity(critical: Float[Array, "*batch n"], upper: float) -> Float[Array, "*batch"]:
    """The mean over ε in [0, upper] of the share of all units whose critical ε is reached.

    Raises:
        ValueError: `upper` outside (0, 1].
    """
    if not 0 < upper <= 1:
        raise ValueError(f"upper must lie in (0, 1], received {upper}")
    return jnp.sum(jnp.clip(1 - critical / upper, 0, 1), axis=-1) / max(critical.shape[-1], 1)


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
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite. Where
            one is traced, every critical ε is NaN.

    It has no gradient, as a match has none: differentiate `residuals`.

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
    networks = as_activations(x, y)
    warn_of_few_samples(networks)
    return MatchProfile(*profiled(networks))


def profiled(networks: Sequence[Float[Array, "m _"]]) -> tuple[Float[Array, "_"], ...]:
    """Critical ε of every unit of two or more networks, checked."""
    return _compiled(tuple(networks)) if traced(networks) else critical_of(prepared(networks), spent=True)


def critical_of(ready: Prepared, spent: bool = False) -> tuple[Float[Array, "_"], ...]:
    """Critical ε of every unit of networks that are factored.

    Args:
        ready: The networks.
        spent: Whether nothing more is asked of them, so that their memory may be used.
    """
    if traced(ready.basis):
        return ready.rows(jnp.where(ready.finite, critical_values(ready.basis), jnp.nan))
    return ready.rows(_packed_as_it_goes(ready, spent) if ready.n > WIDE else peel(ready.basis))


def _packed_as_it_goes(ready: Prepared, spent: bool) -> Float[np.ndarray, "k n"]:
    """Critical ε of wide networks, packed and factored anew whenever half of the units are gone.

    A step reads all of the arrays, also what belongs to units that are gone: packing nearly halves the time.
    """
    source, basis, level = ready.source, ready.basis if spent else jax.tree.map(jnp.copy, ready.basis), 1.0
    places = np.tile(np.arange(ready.n), (len(ready.widths), 1))
    squared = np.full(places.shape, np.inf)
    while places.size:
        size = places.shape[1]
        found, active, level = _peel_until(basis, level, units_bucket(size // 2) if size > WIDE else 0)[:3]
        del basis  # overwritten
        network, unit = np.nonzero((places >= 0) & np.isfinite(found))
        squared[network, places[network, unit]] = np.asarray(found)[network, unit]
        left = [np.flatnonzero(mask) for mask in np.asarray(active)]
        most = max(map(len, left))
        if not most:
            break
        index = np.stack([np.pad(at, (0, units_bucket(most) - len(at)), constant_values=-1) for at in left])
        source = _packed(source, index)
        basis = basis_of(source, source.alive)
        places = np.where(index >= 0, np.take_along_axis(places, np.maximum(index, 0), axis=1), -1)
    return np.asarray(_as_critical(squared.astype(ready.dtype)))


peel = jax.jit(with_all_digits(critical_values))
"""`critical_values`, compiled once for every size."""
_peel_until = jax.jit(with_all_digits(peel_until), donate_argnums=0)
"""In the memory of the basis."""
_as_critical = jax.jit(as_critical)


@jax.jit
def _packed(source: Gram | Rows, places: Int[Array, "k size"]) -> Gram | Rows:
    assert not isinstance(source, Either)
    return source.packed(places)


@jax.jit
@without_gradient
@with_all_digits
def _compiled(networks: tuple[Array, ...]) -> tuple[Array, ...]:
    return critical_of(prepared(networks))
