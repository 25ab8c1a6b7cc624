"""The maximum match at one ε, by shrinking."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from jaxrepsim._typing import Array, Bool, Float
from jaxrepsim.compression.one_shot import compress
from jaxrepsim.matching.match import Match
from jaxrepsim.matching.residual import squared_residuals
from jaxrepsim.numerics.inputs import as_activations, check_epsilon
from jaxrepsim.numerics.precision import squared_threshold
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import unit_columns


@with_all_digits
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
    return Match(*shrunk(as_activations(x, y), epsilon))


def shrunk(networks: Sequence[Float[Array, "m _"]], epsilon: ArrayLike) -> tuple[Bool[Array, "_"], ...]:
    """What is left of two or more networks when every unit over ε on the span of another one is removed.

    A network's span at a time: all units of all others that exceed ε on it go, then those on the next network's, until
    nothing changes.

    Args:
        networks: (samples, n_a) each, activations on the same samples.
        epsilon: Scalar in [0, 1).

    Returns:
        (n_a,) each, the units that stay.
    """
    networks = compress(*networks)
    threshold = squared_threshold(jnp.asarray(epsilon), networks[0].dtype)
    units, norms = zip(*map(unit_columns, networks), strict=True)

    def on_span(span: int, left: tuple[Array, ...]) -> tuple[Array, ...]:
        others = [a for a in range(len(units)) if a != span]
        squared = squared_residuals(jnp.concatenate([units[a] for a in others], axis=1), units[span] * left[span])
        cuts = np.cumsum([units[a].shape[1] for a in others])[:-1]
        within = dict(zip(others, jnp.split(squared <= threshold, cuts), strict=True))
        return tuple(mask & within[a] if a in within else mask for a, mask in enumerate(left))

    def one_round(state: tuple[tuple[Array, ...], Array]) -> tuple[tuple[Array, ...], Array]:
        before, _ = state
        left = before
        for span in reversed(range(len(units))):
            left = on_span(span, left)
        changed = [jnp.any(a != b) for a, b in zip(before, left, strict=True)]
        return left, jnp.any(jnp.stack(changed))

    everything = tuple(norm > 0 for norm in norms)
    left, _ = jax.lax.while_loop(lambda state: state[1], one_round, (everything, jnp.asarray(True)))
    return left
