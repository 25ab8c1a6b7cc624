"""Compression of activations that lie on several devices, or with several processes."""

from functools import partial

import jax
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

from jaxrepsim._typing import Array, ArrayLike, Float
from jaxrepsim.compression.triangles import fold, fold_devices
from jaxrepsim.numerics.buckets import padded, size_bucket
from jaxrepsim.numerics.inputs import as_activations, on_host
from jaxrepsim.numerics.products import with_all_digits


def compress_sharded(
    mesh: Mesh, *activations: ArrayLike, axis_name: str = "data"
) -> tuple[Float[Array, "rows _"], ...]:
    """What `compress` gives, of activations whose samples are spread over an axis of a mesh.

    Each device factors its own samples; only the triangles, of n rows each, are exchanged, and every device factors
    them together. The mesh may span several processes: each calls this with the same global arrays, such as
    `jax.make_array_from_process_local_data` makes.

    Args:
        mesh: The devices.
        *activations: (samples, units), one a network, all on the same samples, which are split evenly along
            `axis_name`. Arrays that are elsewhere are moved.
        axis_name: The axis of the mesh.

    Returns:
        As many arrays of the same numbers of units, with a row for every unit of all networks, on every device. Where
        there are fewer samples than units, some rows are zero.

    Raises:
        TypeError: Activations that are not real numbers.
        ValueError: Not two axes, different numbers of samples, a number that the devices do not divide, an axis that
            the mesh does not have, or a concrete activation that is NaN or infinite. Of traced ones, all rows are NaN
            where one is.

    Source: Demmel, Grigori, Hoemmen and Langou 2012, arXiv:0806.2159 (parallel TSQR).

    >>> import jax, jax.numpy as jnp, numpy as np
    >>> mesh = jax.sharding.Mesh(np.array(jax.devices()), ("data",))
    >>> x, y = jax.random.normal(jax.random.key(0), (2, 840, 3))
    >>> small_x, small_y = compress_sharded(mesh, x, y)
    >>> small_x.shape, bool(jnp.allclose(small_x.T @ small_y, x.T @ y, atol=1e-2))
    ((6, 3), True)
    """
    if axis_name not in mesh.shape:
        raise ValueError(f"the mesh has no axis {axis_name!r}, it has {list(mesh.shape)}")
    arrays = as_activations(*activations)
    samples = arrays[0].shape[0] if arrays else 0
    if samples % mesh.shape[axis_name]:
        raise ValueError(
            f"{samples} samples cannot be split evenly over {mesh.shape[axis_name]} devices; add zero rows, which "
            "change nothing"
        )
    if arrays and all(map(on_host, arrays)):
        # Zero rows change nothing, and other numbers of samples share a few programs.
        share = size_bucket(samples // mesh.shape[axis_name], 64)
        arrays = tuple(padded(array, (share * mesh.shape[axis_name], array.shape[1])) for array in arrays)
    return _compress(mesh, axis_name, arrays)


@partial(jax.jit, static_argnums=(0, 1))
@with_all_digits
def _compress(mesh: Mesh, axis_name: str, arrays: tuple[Array, ...]) -> tuple[Array, ...]:
    def local(*own: Array) -> tuple[Array, ...]:
        return fold_devices(fold(own), axis_name)

    if not arrays:
        return ()
    return jax.shard_map(local, mesh=mesh, in_specs=P(axis_name), out_specs=P())(*arrays)
