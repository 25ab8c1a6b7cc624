"""Sizes that programs are compiled for: activations are padded up to them, so that other sizes reuse programs.

A zero column is a dead unit and a zero row changes nothing, so padding changes no result. It is done on the host, in
NumPy: even to pad an array, JAX would compile a program a shape.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from jaxrepsim._typing import Array
from jaxrepsim.numerics.inputs import on_device, on_host

UNITS = (16, 64, 128, 256, 512)
"""For the large programs, which see compressed activations; above that, steps of 256."""


def units_bucket(units: int) -> int:
    """The size that the large programs are compiled for, where the widest network has so many units."""
    return next((size for size in UNITS if units <= size), -(-units // 256) * 256)


def size_bucket(size: int, least: int) -> int:
    """The size that the small programs are compiled for: those that read raw activations.

    Four sizes an octave, so that at most a quarter is added, and an eighth on average.

    >>> [size_bucket(size, 16) for size in (3, 17, 100, 10_000)]
    [16, 20, 112, 10240]
    """
    step = max(1, 2 ** (max(size - 1, 1).bit_length() - 3))
    return max(least, -(-size // step) * step)


def width_bucket(units: int) -> int:
    """The size that programs are compiled for whose time grows with the square or the cube of the units.

    Multiples of 16, and above 256 eight sizes an octave: from 128 units on at most an eighth is added.

    >>> [width_bucket(units) for units in (0, 17, 100, 300, 520)]
    [16, 32, 112, 320, 576]
    """
    step = max(16, 2 ** (max(units - 1, 1).bit_length() - 4))
    return max(step, -(-units // step) * step)


def padded(array: Array | np.ndarray, shape: tuple[int, ...]) -> Array | np.ndarray:
    """The array with zeros after it on every axis."""
    if tuple(array.shape) == shape:
        return array
    if not on_host(array):
        return jnp.pad(array, [(0, full - size) for size, full in zip(array.shape, shape, strict=True)])
    full = np.zeros(shape, array.dtype)
    full[tuple(slice(size) for size in array.shape)] = np.asarray(array)
    return full


def joined(arrays: Sequence[Array | np.ndarray], shape: tuple[int, int]) -> Array | np.ndarray:
    """The columns of all arrays in one, with zeros after them on both axes."""
    if not all(map(on_host, arrays)):
        return padded(jnp.concatenate(arrays, axis=1), shape)
    full = np.zeros(shape, arrays[0].dtype)
    start = 0
    for array in arrays:
        rows, columns = array.shape
        full[:rows, start : start + columns] = np.asarray(array)
        start += columns
    return full


def by_network(joint: Array, widths: Sequence[int]) -> tuple[Array, ...]:
    """What belongs to each network, of values whose last axis is the units of all: the way back from `joined`."""
    return tuple(jnp.split(joint, np.cumsum(widths, dtype=int)[:-1], axis=-1))


def cut(array: Array | np.ndarray, shape: tuple[int, ...]) -> Array:
    """What is left of an array without the padding."""
    inside = tuple(map(slice, shape))
    return on_device(np.asarray(array)[inside]) if on_host(array) else jnp.asarray(array)[inside]
