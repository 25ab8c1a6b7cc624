"""Run by test_sharded.py in processes with eight CPU devices, or two with four each: prints how far off results are."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from jaxrepsim import match_profile, residuals
from jaxrepsim.compression import compress_sharded
from tests import reference as ref


def main() -> None:
    """Compresses a pair of layers that is spread over the devices."""
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
    print("off by", max(map(float, off)))


if __name__ == "__main__":
    main()
