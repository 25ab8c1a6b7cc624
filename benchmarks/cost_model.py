"""What a stage must compute and move, and how long that takes at the rates that a device was measured to reach.

A lower bound, not a forecast: every operation at the speed of large matrix products, every byte moved once. A stage far
above it waits for something else: latency of small steps, or a factorisation that the device does badly.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import DTypeLike

from benchmarks.timing import interleave


class Cost(NamedTuple):
    """Of one call."""

    operations: float
    bytes: float


class Rates(NamedTuple):
    """What a device reaches, measured."""

    operations: float
    """A second, in a large matrix product at full precision."""
    bandwidth: float
    """Bytes a second, reading and writing a large array."""

    def seconds(self, cost: Cost) -> float:
        """The longer of computing and moving."""
        return max(cost.operations / self.operations, cost.bytes / self.bandwidth)


def measured_rates(dtype: DTypeLike, size: int, repeats: int) -> Rates:
    """Times a matrix product of `size`³, and a copy with a factor of an array eight times as large as a factor.

    Args:
        dtype: Of the arrays.
        size: Rows and columns of the factors.
        repeats: Timed calls.
    """
    square = jnp.ones((size, size), dtype)
    flat = jnp.ones(8 * size * size, dtype)
    product = jax.jit(lambda a: jnp.matmul(a, a, precision=jax.lax.Precision.HIGHEST))
    scaled = jax.jit(lambda a: 1.5 * a)
    sides = interleave({"product": lambda: product(square), "copy": lambda: scaled(flat)}, repeats)
    return Rates(2 * size**3 / sides["product"].timing.median, 2 * flat.nbytes / sides["copy"].timing.median)


def streaming(samples: int, units: int) -> Cost:
    """ZᵀZ in float64, above the diagonal by halves of the columns; every float32 sample read, and in float64 twice."""
    return Cost(1.5 * samples * units**2, samples * units * (4 + 2 * 8))


def profile(rows: int, units: int, layers: int, itemsize: int) -> Cost:
    """`match_profile` of a pair of `units` units a side, for so many layers.

    QR of the pair where it has more rows than units; for both sides QR with Q, W = R⁻¹ and T; then 2n removals: c = q·T
    (2n² operations, T read), and the rank-one steps of W and T (4n² each side removed, in blocks, so that what they
    move counts little).
    """
    n = units
    small = min(rows, 2 * n)
    compression = 2 * rows * (2 * n) ** 2 - 2 * (2 * n) ** 3 / 3 if rows > 2 * n else 0
    sides = 2 * (4 * small * n**2 + n**3 + 2 * small * n**2)
    peel = 2 * n * 6 * n**2
    moved = rows * 2 * n + 2 * n * n**2
    return Cost(layers * (compression + sides + peel), layers * moved * itemsize)


def minimal(units: int, searched: int, itemsize: int) -> Cost:
    """`minimal_matches` of `searched` units: a removal for each of 2n deletions, none of which drives others out."""
    n = units
    return Cost(searched * 2 * n * 6 * n**2, searched * 2 * n * 2 * n**2 * itemsize)
