"""The activations of several models, compressed jointly while they run: none is ever stored."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxrepsim import compression
from jaxrepsim.activations.capturing import Capturing, Channels, begun, flattened
from jaxrepsim.activations.fingerprint import fingerprint
from jaxrepsim.activations.store import ActivationFile
from jaxrepsim.activations.units import check_finite
from jaxrepsim.compression import Compression, gram
from jaxrepsim.compression.streaming import absorb, bounded_summary
from jaxrepsim.data.progress import Progress, asked
from jaxrepsim.errors import InputError, said_of
from jaxrepsim.frameworks import on_host
from jaxrepsim.numerics.x64 import enable_x64

Member = tuple[str, str]
"""A network's name and that of one of its layers."""


class _Joint(NamedTuple):
    """Layers that are compressed together, and what is known of them so far."""

    members: tuple[Member, ...]
    samples: int
    state: Compression


def capture_compressed(
    networks: Mapping[str, Any],
    inputs: Any,
    *,
    layers: str | Sequence[str] | Mapping[str, str | Sequence[str]] = "*",
    batch_size: int = 256,
    variables: Any = None,
    channels: Channels | Mapping[str, Channels | None] | None = None,
    across_layers: bool = False,
    progress: bool | Progress = True,
) -> OrderedDict[str, ActivationFile]:
    """Runs models over the same inputs and keeps the geometry of their layers, however many inputs there are.

    Each layer is compressed jointly with its counterparts in the other networks: of n units in k networks at most n + k
    + 1 rows are left, their means among them, which have all inner products of the raw activations within networks and
    between them. Memory holds one batch and 2n² numbers for each layer, so ten million samples take no more than a
    thousand. Layers are counterparts by their names where all networks have the same ones, else by their order.

    Sums of products that are not exact enough (see `jaxrepsim.compression.error_bound`) are found, and those layers
    compressed in a second pass by QR.

    Each of `inputs`, `layers`, `variables` and `channels` is either one for all networks, or a mapping of every
    network's name to its own: the same images as (N, H, W, C) for Flax and (N, C, H, W) for PyTorch, say.

    Args:
        networks: By name, models as `capture` takes them, of any frameworks.
        inputs: See `capture`. Row i is the same input for every network.
        layers: See `capture`.
        batch_size: See `capture`.
        variables: See `capture`.
        channels: See `capture`.
        across_layers: Compress all layers of as many samples together, so that every layer can be compared with every
            other one, and not with its counterparts alone. n then counts the units of all these layers.
        progress: See `capture`.

    Returns:
        For each network its layers, (rows, units) in float64; `jaxrepsim.activations.save` writes them.
        The metadata say as `one_basis` whether layers of as many samples are compressed together, and as
        `compressed_as` by which layer's name those are known that are.

    Raises:
        InputError: As `capture`; networks have different numbers of layers, or counterparts different numbers of
            samples; there are different numbers of inputs.

    >>> images = np.random.default_rng(0).normal(size=(100, 4)).astype(np.float32)
    >>> weights = {"a": np.ones((4, 3), np.float32), "b": np.eye(4, 2, dtype=np.float32)}
    >>> networks = {name: lambda batch, w=w: {"hidden": np.tanh(batch @ w)} for name, w in weights.items()}
    >>> found = capture_compressed(networks, images)
    >>> found["a"].layers["hidden"].shape, found["b"].layers["hidden"].shape, found["a"].samples
    ((8, 3), (8, 2), {'hidden': 100})
    """
    own = [_each(given, networks) for given in (inputs, layers, variables, channels)]
    running: OrderedDict[str, Capturing] = OrderedDict()
    for name, model in networks.items():
        seen, globs, weights, axes = (each[name] for each in own)
        with said_of(f"network {name!r}"):
            running[name] = begun(model, seen, globs, batch_size, weights, axes)
    counts = {name: each.total for name, each in running.items()}
    if len(set(counts.values())) != 1:
        raise InputError(f"networks must see the same inputs, received {counts or 'no networks'}")
    report = asked(progress)

    found: dict[str, dict[str, np.ndarray]] = {name: {} for name in running}
    squares: dict[str, dict[str, np.ndarray]] = {name: {} for name in running}
    together: dict[str, dict[str, str]] = {name: {} for name in running}
    samples: dict[str, dict[str, int]] = {name: {} for name in running}
    groups = [(members, np.dtype(np.float32)) for members in _groups(running, across_layers)]
    while groups:
        again = []
        for joint in _streamed(running, groups, report):
            with enable_x64(True):
                parts, bound = bounded_summary(jax.device_get(joint.state))
            if np.any(np.asarray(bound) > gram.allowed(jnp.float64)):
                again.append((joint.members, np.dtype(np.float64)))
                continue
            for (name, layer), part in zip(joint.members, parts, strict=True):
                found[name][layer], squares[name][layer] = np.asarray(part.rows), np.asarray(part.squares)
                samples[name][layer], together[name][layer] = joint.samples, joint.members[0][1]
        groups = again
    basis = fingerprint(*(rows for layers in found.values() for rows in layers.values()))
    saw = fingerprint(*(array for each in running.values() for array in each.arrays))
    return OrderedDict(
        (
            name,
            ActivationFile(
                OrderedDict((layer, found[name][layer]) for layer in each.axes),
                samples[name],
                {"one_basis": across_layers, "compressed_as": together[name]},
                basis,
                saw,
                squares[name],
            ),
        )
        for name, each in running.items()
    )


def _each(given: Any, networks: Mapping[str, Any]) -> Mapping[str, Any]:
    own = isinstance(given, Mapping) and set(given) == set(networks)
    return given if own else dict.fromkeys(networks, given)


def _groups(running: Mapping[str, Capturing], across_layers: bool) -> list[tuple[Member, ...]]:
    """The layers that are compressed together."""
    lists = {name: list(each.axes) for name, each in running.items()}
    first, *rest = lists
    for name in rest:
        if len(lists[name]) != len(lists[first]):
            raise InputError(
                f"network {first!r} has {len(lists[first])} layers and {name!r} {len(lists[name])}: choose as many of "
                f"each, layers={{{first!r}: [...], {name!r}: [...]}}, of {', '.join(lists[first])} and "
                f"{', '.join(lists[name])}"
            )
    if all(set(names) == set(lists[first]) for names in lists.values()):
        lists = dict.fromkeys(lists, lists[first])
    groups = [tuple(zip(lists, each, strict=True)) for each in zip(*lists.values(), strict=True)]
    for members in groups:
        sizes = {member: running[member[0]].positions(member[1]) for member in members}
        if len(set(sizes.values())) > 1:
            told = " and ".join(f"{size} in layer {layer!r} of {name!r}" for (name, layer), size in sizes.items())
            raise InputError(
                f"an input gives {told}: their samples do not correspond. Choose layers of as many positions, or pool "
                "the larger map within the model"
            )
    if not across_layers:
        return groups
    by_size: dict[int, list[Member]] = {}
    for members in groups:
        by_size.setdefault(running[members[0][0]].positions(members[0][1]), []).extend(members)
    return [tuple(members) for members in by_size.values()]


def _streamed(
    running: Mapping[str, Capturing], groups: Sequence[tuple[tuple[Member, ...], np.dtype]], report: Progress
) -> list[_Joint]:
    """The compressions of groups of layers after all inputs."""
    joints = []
    for members, least in groups:
        units = [running[name].units(layer) for name, layer in members]
        dtype = np.result_type(least, *(running[name].dtypes[layer] for name, layer in members))
        name, layer = members[0]
        with enable_x64(True):
            samples = running[name].total * running[name].positions(layer)
            joints.append(_Joint(members, samples, compression.init(units, dtype, squares=True)))
    wanted = {name: {layer for joint in joints for at, layer in joint.members if at == name} for name in running}
    passes = [
        each._replace(axes=OrderedDict((layer, axis) for layer, axis in each.axes.items() if layer in wanted[name]))
        for name, each in running.items()
    ]
    total = next(iter(running.values())).total
    for batches in zip(*(each.batches() for each in passes), strict=True):
        first, count, _ = batches[0]
        maps = {name: layers for name, (_, _, layers) in zip(running, batches, strict=True)}
        for at, joint in enumerate(joints):
            given = tuple(maps[name][layer] for name, layer in joint.members)
            axes = tuple(running[name].axes[layer] for name, layer in joint.members)
            given = tuple(each if isinstance(each, jax.Array) else on_host(each) for each in given)
            with enable_x64(True):
                state, finite = _absorbed(joint.state, given, axes, count)
            for member, values, axis, fine in zip(joint.members, given, axes, np.asarray(finite), strict=True):
                if not fine:
                    with said_of(f"network {member[0]!r}, inputs {first} to {first + count - 1}"):
                        check_finite(member[1], flattened(on_host(values)[:count], member[1], axis))
            joints[at] = joint._replace(state=state)
        report("capturing activations", first + count, total)
    return joints


@partial(jax.jit, static_argnums=2, donate_argnums=0)
def _absorbed(
    state: Compression, maps: tuple[jax.Array, ...], axes: tuple[int, ...], count: jax.Array | int
) -> tuple[Compression, jax.Array]:
    """The state after a batch of `count` inputs, and whether each layer is finite."""
    real = jnp.arange(maps[0].shape[0]) < count
    units = [flattened(each, "", axis) for each, axis in zip(maps, axes, strict=True)]
    used = jnp.repeat(real, units[0].shape[0] // real.shape[0])
    finite = jnp.stack([jnp.isfinite(each).all() for each in units])
    return absorb(state, units, used), finite
