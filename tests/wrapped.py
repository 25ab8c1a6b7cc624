"""What users wrap around a call: a shard of a mesh with its default checks, `checkify`, and a watch for NaN."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import checkify


def under_shard_map(call, x, y):
    """What a call gives inside `jax.shard_map`, as a list of arrays."""
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("data",))
    spec = jax.sharding.PartitionSpec("data")

    def local(x, y):
        return [jnp.asarray(leaf)[None] for leaf in jax.tree.leaves(call(x[0], y[0]))]

    found = jax.jit(jax.shard_map(local, mesh=mesh, in_specs=spec, out_specs=spec))(x[None], y[None])
    return [leaf[0] for leaf in found]


def under_checks(call, x, y):
    """Raises where a call divides by zero, or makes NaN on its way, under jit or plainly."""
    error, _ = jax.jit(checkify.checkify(call, errors=checkify.user_checks | checkify.float_checks))(x, y)
    error.throw()
    with jax.debug_nans(True):
        jax.block_until_ready(call(x, y))
        jax.block_until_ready(jax.jit(call)(x, y))
