"""Many layers in one program: those of one width stacked, with all pairs of networks and all redraws of each."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, groupby

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim.compression import compress
from jaxrepsim.matching import match_profile

Networks = Sequence[np.ndarray]
"""A layer's activations in each network, (rows, units) or (redraws, rows, units)."""

CHUNK_BYTES = 2**29
"""What the activations of all pairs in one program may take."""


def stacked(layers: Mapping[str, Networks]) -> Iterator[dict[str, list[jax.Array]]]:
    """Layers in groups that go through one program: compressed, and padded to one shape.

    Zero columns are dead units and zero rows change nothing, so padding changes no result.

    Args:
        layers: For each layer its networks.

    Yields:
        For each layer of a group, for each of its networks (redraws, rows, units), float64: one shape in all the group.
    """
    shapes = {layer: _shape(networks) for layer, networks in layers.items()}
    for shape, names in groupby(sorted(layers, key=shapes.__getitem__), key=shapes.__getitem__):
        members = list(names)
        networks = len(layers[members[0]])
        pairs = networks * (networks - 1) // 2
        size = max(1, CHUNK_BYTES // (16 * pairs * int(np.prod(shape))))
        for first in range(0, len(members), size):
            yield {name: _padded(layers[name], shape) for name in members[first : first + size]}


def profiles(group: Mapping[str, Sequence[jax.Array]]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The match profiles of all pairs of networks, in every layer of a group.

    Args:
        group: From `stacked`.

    Returns:
        For each layer the critical ε of both sides, (pairs, redraws, units), infinite for padding and dead units.
    """
    pairs = list(combinations(range(len(next(iter(group.values())))), 2))
    # Stacked on the host: a program with an operand for each of thousands of layers takes minutes to compile.
    arrays = [[np.asarray(network) for network in networks] for networks in group.values()]
    sides = [np.stack([networks[pair[side]] for networks in arrays for pair in pairs]) for side in (0, 1)]
    found = [np.asarray(side).reshape(len(group), len(pairs), *side.shape[1:]) for side in _profiles(*sides)]
    return {layer: (found[0][index], found[1][index]) for index, layer in enumerate(group)}


@jax.jit
def _profiles(x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    profile = jax.vmap(jax.vmap(match_profile))(x, y)
    return profile.x, profile.y


_compress = jax.jit(jax.vmap(compress))


def _shape(networks: Networks) -> tuple[int, int, int]:
    """Redraws, rows after compression, and units of a layer."""
    units = max(array.shape[-1] for array in networks)
    rows, total = networks[0].shape[-2], len(networks) * units
    return (networks[0].shape[0] if networks[0].ndim == 3 else 1, min(rows, total), units)


def _padded(networks: Networks, shape: tuple[int, int, int]) -> list[jax.Array]:
    _, rows, units = shape
    stacks = [np.asarray(array if array.ndim == 3 else array[None], np.float64) for array in networks]
    wide = [np.pad(stack, ((0, 0), (0, 0), (0, units - stack.shape[-1]))) for stack in stacks]
    return list(_compress(*wide)) if wide[0].shape[1] > rows else [jnp.asarray(stack) for stack in wide]
