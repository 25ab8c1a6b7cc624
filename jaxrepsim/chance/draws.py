"""Match profiles of every draw of a null.

A null leaves the inner products within each network as they are, so that a draw is known by those between the networks;
or by rows, where the Gram matrix cannot be trusted. Of concrete activations these come from small programs that raw
activations go through, some draws at a time, and go to a program whose size is a bucket.
"""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxrepsim._typing import Array, Bool, Float, Int, Key
from jaxrepsim.matching import dual_basis
from jaxrepsim.matching.dual_basis import Gram
from jaxrepsim.matching.peel import critical_values
from jaxrepsim.matching.prepared import Prepared
from jaxrepsim.matching.profile import MatchProfile
from jaxrepsim.numerics.buckets import padded, size_bucket, width_bucket
from jaxrepsim.numerics.inputs import on_device
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.side_by_side import side_by_side

CHUNK = 16
"""Draws that go to a program at once, where units are 512 or fewer."""


def check_draws(draws: int) -> None:
    """Refuses no draw at all.

    Raises:
        ValueError: Fewer than 1.
    """
    if draws < 1:
        raise ValueError(f"draws must be at least 1, received {draws}")


def for_each_draw(function: Callable[[Array], Any], key: Key[Array, ""], draws: int, nbytes: int) -> Any:
    """The function of `draws` keys, inside a program.

    Args:
        function: Of one key.
        key: Split into one for each draw.
        draws: How many; static.
        nbytes: What one draw takes, in bytes.

    Returns:
        What the function gives, stacked.
    """
    return side_by_side(function, jax.random.split(key, draws), nbytes)


class Draws:
    """The keys of all draws of a null, some at a time."""

    def __init__(self, key: Key[Array, ""], draws: int, ready: Prepared) -> None:
        self.keys = keys_of(key, draws)
        self.draws, self.ready = draws, ready
        # Nearer to the number of units than the size of the other programs: there are many draws.
        self.n = min(ready.n, width_bucket(max(ready.widths)))
        self.chunk = max(1, min(CHUNK, 2**22 // self.n**2))

    def profiles(self, cross: Callable, rows: Callable) -> MatchProfile:
        """The profile of each draw.

        Args:
            cross: The inner products of units of norm 1, of the first network with the second: takes an index array
                (chunk,) of draws and how many of them count, and gives (chunk, ≥ n_x, ≥ n_y).
            rows: The units of both on few rows, (chunk, rows, ≥ n_x) and (chunk, rows, ≥ n_y), in the same way.
        """
        source, (n_x, n_y), n, chunk = self.ready.source, self.ready.widths, self.n, self.chunk
        alive = np.asarray(source.alive)[:, :n]
        own = np.asarray(source.own)[:, :n, :n] if isinstance(source, Gram) else None
        found = []
        for start in range(0, self.draws, chunk):
            count = min(chunk, self.draws - start)
            which = np.minimum(start + np.arange(chunk), self.draws - 1)
            if own is not None:
                part = np.asarray(cross(which, count))[:, :n_x, :n_y]
                critical = _by_gram(own, padded(part, (chunk, n, n)), alive, count)
            else:
                parts = [
                    np.asarray(part)[..., :size] for part, size in zip(rows(which, count), (n_x, n_y), strict=True)
                ]
                wide = (padded(part, (chunk, max(2 * n, part.shape[1]), n)) for part in parts)
                critical = _by_rows(alive, *wide, count)
            found.append(np.asarray(critical)[:count])
        every = np.concatenate(found)
        return MatchProfile(on_device(every[:, 0, :n_x]), on_device(every[:, 1, :n_y]))


def keys_of(key: Key[Array, ""], draws: int) -> Key[Array, "k"]:
    """A key for each draw, and some more: they depend on their places alone, however many there are."""
    return _split(key, size_bucket(draws, CHUNK))


_split = jax.jit(jax.random.split, static_argnums=1)


@jax.jit
@with_all_digits
def _by_gram(
    own: Float[Array, "2 n n"], cross: Float[Array, "draws n n"], alive: Bool[Array, "2 n"], count: Int[Array, ""] | int
) -> Float[Array, "draws 2 n"]:
    def one(cross: Array) -> Array:
        return critical_values(Gram(own, cross[None], alive).basis(alive))

    return side_by_side(one, cross, 6 * own.nbytes, count)


@jax.jit
@with_all_digits
def _by_rows(
    alive: Bool[Array, "2 n"], x: Float[Array, "draws m n"], y: Float[Array, "draws m n"], count: Int[Array, ""] | int
) -> Float[Array, "draws 2 n"]:
    def one(networks: tuple[Array, Array]) -> Array:
        return critical_values(dual_basis.rows_of(networks, alive.shape[1], alive).basis(alive))

    return side_by_side(one, (x, y), 12 * x[0].nbytes, count)


def of_draws(
    one: Callable[[Array], Any], keys: Key[Array, "k"], which: Int[Array, "chunk"], count: Any, each: int
) -> Any:
    """What a function of a key gives for some of the draws, stacked; inside a program."""
    return side_by_side(lambda draw: one(keys[draw]), which, each, count)
