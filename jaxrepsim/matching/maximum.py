"""The maximum match at one ε, by shrinking."""

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool
from jaxrepsim.compression.inputs import as_activations, check_epsilon
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.compression.scaling import unit_columns
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.precision import squared_threshold
from jaxrepsim.matching.residual import squared_residuals


def maximum_match(x: ArrayLike, y: ArrayLike, epsilon: ArrayLike) -> Match:
    """The maximum ε-approximate match: the one that holds every other.

    Matches are closed under union (a span only grows), so there is one largest. It is what is left when every unit
    whose residual exceeds ε is removed, one side and then the other, until nothing changes: a unit of a match never
    is, for the span it needs never goes. Each round projects all units at once.

    The whole curve over ε costs little more than a few single ones: see `match_profile`.

    Args:
        x: (samples, n_x), activations of the first network.
        y: (samples, n_y), activations of the second on the same samples. Raw or compressed alike.
        epsilon: Scalar in [0, 1). Use `jax.vmap` over this argument for several.

    Returns:
        The match, as masks over the units. Its `similarity` is (|X| + |Y|) / (n_x + n_y). Dead units are in no match.

    Raises:
        TypeError: Activations that are not real floating numbers.
        ValueError: Not two axes, different numbers of samples, or an ε outside [0, 1).

    Source: Wang et al. 2018 (arXiv:1810.11750), algorithm 1.

    >>> import jax, jax.numpy as jnp
    >>> x = jax.random.normal(jax.random.key(0), (100, 4))
    >>> y = jnp.concatenate([x[:, :2] @ jnp.array([[1.0, 1.0], [2.0, -1.0]]), x[:, :1] ** 2], axis=1)
    >>> match = maximum_match(x, y, 0.1)
    >>> match.x.tolist(), match.y.tolist(), float(match.similarity)
    ([True, True, False, False], [True, True, False], 0.57...)
    """
    check_epsilon(epsilon)
    x, y = compress(*as_activations(x, y))
    threshold = squared_threshold(jnp.asarray(epsilon), x.dtype)
    unit_x, norm_x = unit_columns(x)
    unit_y, norm_y = unit_columns(y)

    def matched(points: Array, of: Bool[Array, "p"], span: Array, by: Bool[Array, "s"]) -> Bool[Array, "p"]:
        return of & (squared_residuals(points, span * by) <= threshold)

    def shrink(state: tuple[Match, Bool[Array, ""]]) -> tuple[Match, Bool[Array, ""]]:
        match, _ = state
        in_x = matched(unit_x, match.x, unit_y, match.y)
        in_y = matched(unit_y, match.y, unit_x, in_x)
        changed = jnp.any(in_x != match.x) | jnp.any(in_y != match.y)
        return Match(in_x, in_y), changed

    everything = Match(norm_x > 0, norm_y > 0)
    match, _ = jax.lax.while_loop(lambda state: state[1], shrink, (everything, jnp.asarray(True)))
    return match
