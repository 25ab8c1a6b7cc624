"""Inner products between networks, in as few matrix products as serve: large ones run nearer to a device's peak."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, Float


def cross_products(
    networks: Sequence[Float[Array, "m _"]], pairs: Sequence[tuple[int, int]]
) -> tuple[Float[Array, "_ _"], ...]:
    """x_aᵀ x_b for every pair (a, b).

    First networks that have the same second ones, as the layers of one network against those of another have, stand
    side by side in one product. Any other pair is a product of its own: to join columns only for the one takes longer
    than it saves.

    Args:
        networks: (samples, n_a) each.
        pairs: Places of the networks, no pair twice.

    Returns:
        (n_a, n_b) for every pair, in order.
    """
    seconds: dict[int, list[int]] = {}
    for a, b in pairs:
        seconds.setdefault(a, []).append(b)
    groups: dict[tuple[int, ...], list[int]] = {}
    for a, partners in seconds.items():
        groups.setdefault(tuple(sorted(partners)), []).append(a)
    found: dict[tuple[int, int], Array] = {}
    for partners, firsts in groups.items():
        if len(firsts) == 1 or len(partners) == 1:
            found |= {(a, b): networks[a].T @ networks[b] for a in firsts for b in partners}
            continue
        joint = jnp.concatenate([networks[a] for a in firsts], axis=1).T @ jnp.concatenate(
            [networks[b] for b in partners], axis=1
        )
        for a, strip in zip(firsts, jnp.split(joint, _cuts(networks, firsts), axis=0), strict=True):
            blocks = jnp.split(strip, _cuts(networks, partners), axis=1)
            found |= {(a, b): block for b, block in zip(partners, blocks, strict=True)}
    return tuple(found[pair] for pair in pairs)


def _cuts(networks: Sequence[Array], chosen: Sequence[int]) -> list[int]:
    return np.cumsum([networks[a].shape[1] for a in chosen])[:-1].tolist()
