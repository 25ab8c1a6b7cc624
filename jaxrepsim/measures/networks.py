"""What a measure reads of two networks, raw or compressed, and how it is compiled."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array, ArrayLike, Float, Int, Values
from jaxrepsim.compression import Compressed
from jaxrepsim.compression.compressed import about_mean
from jaxrepsim.errors import InputError
from jaxrepsim.numerics.buckets import padded, size_bucket, width_bucket
from jaxrepsim.numerics.few_samples import warn_of, warn_of_few_samples
from jaxrepsim.numerics.gradients import without_gradient
from jaxrepsim.numerics.inputs import as_activations, as_array, as_dtype, traced
from jaxrepsim.numerics.products import with_all_digits
from jaxrepsim.numerics.scaling import binary_scale

Activations = ArrayLike | Compressed
"""What a measure takes that needs inner products alone."""
NO_GRADIENT = (
    "this measure has no gradient here; those that have are marked so in jaxrepsim.measures.MEASURES. "
    "Use jax.lax.stop_gradient on what goes in here"
)


class Raw(NamedTuple):
    """Activations as they are, zero rows and zero columns behind them."""

    rows: Float[Values, "m n"]
    samples: Int[Values, ""] | int
    units: Int[Values, ""] | int


class Basis(NamedTuple):
    """A `Compressed`, zero rows and zero columns behind it."""

    rows: Float[Values, "r n"]
    samples: Values | int
    squares: Float[Values, "r"] | None


class Centred(NamedTuple):
    """Rows with the inner products of centred activations."""

    rows: Float[Array, "r n"]
    """Each column divided by a power of two, so that its largest magnitude is about 1. A constant unit is zero."""
    scale: Float[Array, "n"]
    """What the columns were divided by; 1 for a constant unit."""
    samples: Values | int
    lengths: Float[Array, "_"] | None
    """Squared lengths of the centred samples: their inner products are fourth-order sums. None where not known."""

    @property
    def largest(self) -> Float[Array, ""]:
        """The largest scale of a unit that is not constant."""
        there = jnp.any(self.rows != 0, axis=0)
        found = jnp.max(jnp.where(there, self.scale, 0), initial=0)
        return jnp.where(found > 0, found, 1)

    @property
    def joint(self) -> Float[Array, "r n"]:
        """The rows of all units divided by one power of two, `largest`."""
        return self.rows * (self.scale / self.largest)

    @property
    def joint_lengths(self) -> Float[Array, "_"]:
        """Squared lengths of the samples, in the scale of `joint`."""
        if self.lengths is None:  # raw: a row is a sample
            return jnp.sum(self.joint**2, axis=1)
        return self.lengths / self.largest / self.largest


def pair(x: Activations, y: Activations, squares: bool = False) -> tuple[Raw, Raw] | tuple[Basis, Basis]:
    """Two networks checked, and padded where they are concrete, so that other shapes share programs.

    Args:
        x: (samples, n_x), or compressed with y.
        y: (samples, n_y), or compressed with x.
        squares: Whether the squared lengths of samples are needed.

    Raises:
        InputError: One is compressed and the other is not, or not with it; or the squares are not there.
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite.
    """
    if not isinstance(x, Compressed) and not isinstance(y, Compressed):
        return raw_pair(x, y)
    if not isinstance(x, Compressed) or not isinstance(y, Compressed):
        raise InputError("one network is compressed and the other is not: compress both together, by summarise(x, y)")
    if len(x.rows) != len(y.rows):
        raise InputError(
            f"the networks have {len(x.rows)} and {len(y.rows)} rows: they were not compressed together, by "
            "summarise(x, y)"
        )
    given = x.squares, y.squares
    if squares and any(length is None for length in given):
        raise InputError(
            "this measure needs the squared lengths of samples: compress with jaxrepsim.compression.summarise, or "
            "begin with init(units, squares=True)"
        )
    arrays = as_activations(x.rows, y.rows)
    lengths = [
        as_dtype(as_array(length), arrays[0].dtype) if squares and length is not None else None for length in given
    ]
    if not traced(x, y):
        warn_of(int(np.asarray(x.samples)), max(array.shape[1] for array in arrays))
        height = size_bucket(len(x.rows), 32)
        arrays = tuple(padded(array, (height, width_bucket(array.shape[1]))) for array in arrays)
        lengths = [length if length is None else padded(length, (height,)) for length in lengths]
    x_basis, y_basis = (
        Basis(array, network.samples, length) for array, network, length in zip(arrays, (x, y), lengths, strict=True)
    )
    return x_basis, y_basis


def raw_pair(x: ArrayLike, y: ArrayLike) -> tuple[Raw, Raw]:
    """`pair`, for what needs the samples themselves.

    Raises:
        InputError: A compressed network.
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, or a concrete activation that is NaN or infinite.
    """
    arrays = raw_networks(x, y)
    samples, units = arrays[0].shape[0], [array.shape[1] for array in arrays]
    if not traced(arrays):
        height = size_bucket(samples, 64)
        arrays = tuple(padded(array, (height, width_bucket(n))) for array, n in zip(arrays, units, strict=True))
    x_raw, y_raw = (Raw(array, samples, n) for array, n in zip(arrays, units, strict=True))
    return x_raw, y_raw


def raw_networks(*networks: Activations) -> tuple[Array, ...]:
    """Networks checked, of which the samples themselves are needed.

    Raises:
        As `raw_pair`.
    """
    if any(isinstance(network, Compressed) for network in networks):
        raise InputError("this measure needs the activations of each sample, and a compression has lost them")
    arrays = as_activations(*networks)
    if not traced(arrays):
        warn_of_few_samples(arrays)
    return arrays


def program(function: Callable, static: tuple[int, ...] = (), gradient: bool = False) -> Callable:
    """A measure as one compiled program, NaN where an activation is not finite.

    Args:
        function: Of two networks and further arguments, at the top of a module.
        static: Which further arguments are compiled in, by their places; networks are 0 and 1.
        gradient: Whether it may be differentiated.
    """

    def guarded(x: Raw | Basis, y: Raw | Basis, *options: Any) -> Any:
        finite = jnp.all(jnp.isfinite(x.rows)) & jnp.all(jnp.isfinite(y.rows))

        def found(x: Raw | Basis, y: Raw | Basis) -> Any:
            return function(x, y, *options)

        measure = found if gradient else without_gradient(found, NO_GRADIENT)
        # Factorisations see no NaN: with some of them LAPACK's loops need not end.
        usable = (network._replace(rows=jnp.where(finite, network.rows, 0)) for network in (x, y))
        return jax.tree.map(lambda values: jnp.where(finite, values, jnp.nan), measure(*usable))

    return jax.jit(with_all_digits(guarded), static_argnums=static)


def centred(network: Raw | Basis) -> Centred:
    """Rows with the inner products of the centred activations of a network."""
    if isinstance(network, Basis):
        rows, lengths = network.rows[1:], network.squares
    else:
        scale = binary_scale(network.rows)
        _, around = about_mean(network.rows / scale, network.samples)
        rows, lengths = around * scale, None
    scale = binary_scale(rows)
    return Centred(rows / scale, scale, network.samples, lengths)


def ratio(numerator: Array, denominator: Array) -> Array:
    """The quotient, and 0 where the denominator is: a network that never varies is like none."""
    there = denominator > 0
    return jnp.where(there, numerator / jnp.where(there, denominator, 1), 0)


def root(square: Array) -> Array:
    """The square root, whose derivative at 0 is 0."""
    there = square > 0
    return jnp.where(there, jnp.sqrt(jnp.where(there, square, 1)), 0)
