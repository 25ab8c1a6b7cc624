"""Run by test_sharded.py in processes with eight CPU devices, or two with four each: prints how far off results are."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from jaxrepsim import match_profile, residuals
from jaxrepsim.compression import compress_sharded, finalize, init, update
from tests import reference as ref


def main() -> None:
    """Compresses, and streams, a pair of layers that is spread over the devices."""
    jax.config.update("jax_enable_x64", True)
    if len(sys.argv) > 1:
        jax.distributed.initialize(sys.argv[1], num_processes=2, process_id=int(sys.argv[2]))
    assert len(jax.devices()) == 8

    whole = ref.latent_pair(np.random.default_rng(0), 800, 12, 9, rank=8, noise=0.3)
    mesh = Mesh(np.array(jax.devices()), ("data",))
    share = 800 // jax.process_count()
    mine = slice(jax.process_index() * share, (jax.process_index() + 1) * share)
    spread = [jax.make_array_from_process_local_data(NamedSharding(mesh, P("data")), a[mine], a.shape) for a in whole]
    found = compress_sharded(mesh, *spread)
    assert all(a.sharding.is_fully_replicated for a in found)
    shards = [[np.asarray(shard.data) for shard in a.addressable_shards] for a in found]
    assert all((shard == each[0]).all() for each in shards for shard in each), "devices differ"
    x, y = (jnp.asarray(each[0]) for each in shards)
    one_x, one_y = (jnp.asarray(a) for a in whole)
    off = [jnp.abs(residuals(x, y) - residuals(one_x, one_y)).max()]
    off += [jnp.abs(a - b).max() for a, b in zip(match_profile(x, y), match_profile(one_x, one_y), strict=True)]
    off.append(_streamed(mesh, spread, whole))
    print("off by", max(map(float, off)))


def _streamed(mesh, spread, whole):
    """The states of all devices as one, from float32 activations around another offset on each."""

    def local(x, y):
        x, y = (a.astype(jnp.float32) + 100 * jax.lax.axis_index("data") for a in (x, y))
        return finalize(update(init((12, 9)), x, y), "data")

    found = jax.jit(jax.shard_map(local, mesh=mesh, in_specs=P("data"), out_specs=P()))(*spread)
    offset = 100 * np.repeat(np.arange(8, dtype=np.float32), 100)[:, None]
    joint = np.concatenate([a.astype(np.float32) + offset for a in whole], axis=1).astype(np.float64)
    small = np.concatenate([np.asarray(a.addressable_shards[0].data) for a in found], axis=1)
    norms = np.linalg.norm(joint, axis=0)
    return np.abs((small.T @ small - joint.T @ joint) / np.outer(norms, norms)).max()


if __name__ == "__main__":
    main()
