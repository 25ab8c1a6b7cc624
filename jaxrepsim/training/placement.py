"""Where the networks and the batches of one program lie on the local devices.

One network: every device holds its weights and takes a share of each batch. XLA splits the program between the devices,
so that what is over the batch (the gradient, the statistics of batch norm) is over the whole batch, as on one device.

Several networks: they are stacked on a first axis, which is spread over the devices, and never wait for one another;
where a device has several, `vmap` makes one program of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

T = TypeVar("T")
AXIS = "share"


@dataclass(frozen=True)
class Placement:
    """How many networks, on which devices. Hashable: jitted functions take it as a static argument.

    Attributes:
        networks: How many one program trains; they are stacked where there are several.
        mesh: The devices, on one axis.
    """

    networks: int
    mesh: Mesh

    def shared(self, values: Any) -> Any:
        """Values that all devices hold whole: the images, or what a stacked program reads for all networks."""
        return jax.device_put(values, NamedSharding(self.mesh, P()))

    def stack(self, values: Sequence[T]) -> T:
        """One value a network, as one tree of arrays: stacked and spread over devices, or a single one on them all."""
        if self.networks == 1:
            return self.shared(values[0])
        return jax.device_put(jax.tree.map(lambda *leaves: jnp.stack(leaves), *values), self._spread)

    def unstack(self, values: T) -> list[T]:
        """The inverse of `stack`, each network's values on the first device."""
        first = jax.local_devices()[0]
        if self.networks == 1:
            return [jax.device_put(values, first)]
        whole = jax.device_put(values, first)
        return [jax.tree.map(lambda leaf, i=i: leaf[i], whole) for i in range(self.networks)]

    def batch(self, values: Sequence[Any]) -> Any:
        """One batch a network, each a tuple of NumPy arrays: every device gets its share, of images or of networks."""
        stacked = values[0] if self.networks == 1 else jax.tree.map(lambda *arrays: np.stack(arrays), *values)
        return jax.device_put(stacked, self._spread)

    def split(self, batch: T) -> T:
        """Inside a jitted function of one network: spreads a batch over the devices."""
        return batch if self.networks > 1 else lax.with_sharding_constraint(batch, self._spread)

    def whole(self, values: T) -> T:
        """Inside a jitted function of one network: has the values on every device."""
        return values if self.networks > 1 else lax.with_sharding_constraint(values, NamedSharding(self.mesh, P()))

    def each(self, function: Callable[..., Any], common: Sequence[bool]) -> Callable[..., Any]:
        """The function of one network as that of all that are stacked.

        Args:
            function: Its arguments and results are trees of arrays.
            common: For each argument whether all networks have it in common, else it is stacked.

        Returns:
            A function whose results are stacked; the same function where there is one network.
        """
        if self.networks == 1:
            return function
        mapped = jax.vmap(function, in_axes=tuple(None if each else 0 for each in common))
        specs = tuple(P() if each else P(AXIS) for each in common)
        return jax.shard_map(mapped, mesh=self.mesh, in_specs=specs, out_specs=P(AXIS))

    @property
    def _spread(self) -> NamedSharding:
        return NamedSharding(self.mesh, P(AXIS))


def place(networks: int, batch_size: int) -> Placement:
    """The placement over as many local devices as the networks, or the batch of the only one, can be dealt out to.

    Args:
        networks: How many one program trains.
        batch_size: Images a step of each.

    Returns:
        The placement.
    """
    devices = jax.local_devices()
    dealt = networks if networks > 1 else batch_size
    size = max(count for count in range(1, len(devices) + 1) if dealt % count == 0)
    return Placement(networks, Mesh(np.array(devices[:size]), (AXIS,)))
