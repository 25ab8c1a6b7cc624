"""Run by test_row_sample.py with eight CPU devices: both passes of mutual information give what one device gives."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

from jaxrepsim.convergent import binning, joint_counts, row_sample
from jaxrepsim.convergent.mutual_information import mutual_information
from tests.convergent.binned_units import units


def main() -> None:
    """Both passes over samples that are spread over the devices, two batches each."""
    assert len(jax.devices()) == 8
    x, y = (units(seed, 320, np.float32) for seed in (0, 1))
    mesh = Mesh(np.array(jax.devices()), ("data",))

    @jax.jit
    @partial(jax.shard_map, mesh=mesh, in_specs=P("data"), out_specs=P())
    def sample(x, y):
        state = row_sample.init((12, 12), 320)
        key = jax.random.fold_in(jax.random.key(0), jax.lax.axis_index("data"))
        for number, half in enumerate((slice(0, 20), slice(20, 40))):
            state = row_sample.update(state, jax.random.fold_in(key, number), x[half], y[half])
        return row_sample.merge_over(state, "data")

    joint_counts.INDICATORS = 7 * 10 * 24  # several chunks, and a rest

    @jax.jit
    @partial(jax.shard_map, mesh=mesh, in_specs=(P("data"), P("data"), P()), out_specs=P())
    def count(x, y, edges):
        state = joint_counts.init((12, 12))
        for half in (slice(0, 20), slice(20, 40)):
            state = joint_counts.update(state, *map(binning.bin_index, (x[half], y[half]), edges))
        return joint_counts.merge_over(state, "data")

    state = sample(x, y)
    assert int(state.held) == 320
    edges = state.edges(10)
    for found, whole in zip(edges, (x, y), strict=True):
        np.testing.assert_array_equal(found, binning.bin_edges(jnp.asarray(whole), 10))
    counts = count(x, y, edges)
    assert counts.counts.sharding.is_fully_replicated
    np.testing.assert_array_equal(counts.mutual_information, mutual_information(jnp.asarray(x), jnp.asarray(y)))


if __name__ == "__main__":
    main()
