"""Run by test_moments.py in a process with eight CPU devices: prints how far off results are."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jax.sharding import PartitionSpec as P

from jaxrepsim.convergent import Moments, correlation, moments


def main() -> None:
    """Moments and correlations of activations that are spread over the devices."""
    jax.config.update("jax_enable_x64", True)
    assert len(jax.devices()) == 8
    mesh = Mesh(np.array(jax.devices()), ("data",))
    spread = partial(jax.shard_map, mesh=mesh, in_specs=P("data"))
    rng = np.random.default_rng(0)
    whole = rng.normal(size=(8 * 60, 5)) @ rng.normal(size=(5, 9)) + 1e6
    whole[:, 4] = 0.1
    # Devices with different numbers of samples, and one with none.
    used = rng.uniform(size=480) < np.repeat([0, 1, 0.5, 0.1, 1, 0.9, 0.5, 1], 60)

    @jax.jit
    @partial(spread, out_specs=P())
    def at_once(z: jax.Array, used: jax.Array) -> Moments:
        return moments.merge_over(moments.update(moments.init((4, 5), z.dtype), z[:, :4], z[:, 4:], where=used), "data")

    @jax.jit
    @partial(spread, out_specs=P())
    def in_batches(z: jax.Array, used: jax.Array) -> Moments:
        def step(state: Moments, batch: tuple[jax.Array, jax.Array]) -> tuple[Moments, None]:
            rows, used = batch
            return moments.update(state, rows[:, :4], rows[:, 4:], where=used), None

        start = jax.lax.pcast(moments.init((4, 5), z.dtype), "data", to="varying")
        state, _ = jax.lax.scan(step, start, (z.reshape(6, 10, 9), used.reshape(6, 10)))
        return moments.merge_over(state, "data")

    seen = whole[used]
    off = []
    for state in (at_once(whole, used), in_batches(whole, used)):
        assert state.scaled.sharding.is_fully_replicated
        assert state.samples == used.sum()
        assert [int(part.sum()) for part in state.constant] == [0, 1]
        off += [np.abs(np.concatenate(state.means) - seen.mean(axis=0)).max() / 1e6]
        off += [np.abs(np.concatenate(state.std) - seen.std(axis=0)).max()]
        live = np.arange(9) != 4
        off += [np.abs(state.correlation[live][:, live] - np.corrcoef(seen[:, live], rowvar=False)).max()]
        assert not np.asarray(state.correlation)[4].any()

    layers = rng.normal(size=(8, 1200, 4)) @ rng.normal(size=(4, 3))
    pairs = jax.jit(partial(spread, out_specs=P("data"))(jax.vmap(lambda z: correlation(z, z[:, :2]))))(layers)
    wanted = np.array([np.corrcoef(layer, rowvar=False)[:, :2] for layer in layers])
    off += [jnp.abs(pairs - wanted).max()]
    print("off by", max(map(float, off)))


if __name__ == "__main__":
    main()
