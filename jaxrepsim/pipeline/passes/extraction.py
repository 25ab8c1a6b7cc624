"""From trained networks to compressed activations: batch by batch, no activation ever stored."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from jaxrepsim import activations, compression
from jaxrepsim.activations import as_units
from jaxrepsim.compression import Compression
from jaxrepsim.compression.streaming import BLOCK
from jaxrepsim.data.dataset import Images
from jaxrepsim.data.streamed import Streamed
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.passes.forward import Subject, check_counts, placed, responses, wanted
from jaxrepsim.pipeline.passes.positions import Draw, draw
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.shared_settings import MatchingConfig

_ON_DEVICES = Compression(rows=P("data"), filled=P(), folds=P())  # type: ignore[arg-type]
"""Each device has rows of its own. The counters depend on shapes alone, and so they are the same on all."""
_OVER_REDRAWS = Compression(rows=0, filled=None, folds=None)  # type: ignore[arg-type]


class Extracted(NamedTuple):
    """The compressed activations of all networks.

    Fields:
        layers: For each seed, or name, its layers, (rows, units) or (redraws, rows, units), float64, on rows that all
            share.
        samples: For each layer, how many samples its rows stand for.
        basis: Names this compression: rows of another one do not correspond to these.
        inputs: A fingerprint of the images and of what is drawn of them.
    """

    layers: dict[Any, dict[str, np.ndarray]]
    samples: dict[str, int]
    basis: str
    inputs: str

    def save(self, path: Path, name: Any, note: Mapping[str, Any]) -> None:
        """Writes one network's activation file.

        Args:
            path: The file.
            name: The network's in `layers`.
            note: The origin, kept in the file.
        """
        layers = self.layers[name]
        layouts = {layer: "RNC" if rows.ndim == 3 else "NC" for layer, rows in layers.items()}
        activations.save(path, layers, note, self.samples, layouts, self.basis, self.inputs)


def inputs_of(images: Images, config: MatchingConfig) -> str:
    """A fingerprint of the images, and of what is drawn of their positions."""
    drawn = (config.positions, config.redraws, config.seed) if config.positions else "all"
    return activations.fingerprint(images.identity if isinstance(images, Streamed) else images, repr(drawn))


def extract(
    subjects: Mapping[Any, Subject], images: Images, config: MatchingConfig, progress: Progress = silent
) -> Extracted:
    """Activations of any networks on the same images, each layer compressed jointly over the networks, in float64.

    The joint factor has at most as many rows as the networks have units together; its columns, split by network,
    have all the inner products of the raw activations, so nothing that is compared later is lost. Memory holds one
    batch and the state of each layer, however many images there are.

    Every batch is spread over all devices there are, those of other processes included, each with states of its own
    that are merged at the end. With several processes each calls this with the same arguments, works on its share of
    the images, and gets the whole result.

    Args:
        subjects: The networks, by seed or by name.
        images: What they see, (n, h, w, c).
        config: Layers, positions, redraws, batch size.
        progress: Told of every batch, then of every layer.

    Returns:
        The layers. With redraws where a layer has more than `config.positions` positions: the same ones for every
        network.

    Raises:
        InputError: A layer does not exist, or has other positions in one of the networks; an activation is NaN or
            infinite.
    """
    mesh = Mesh(np.array(jax.devices()), ("data",))
    layers: dict[str, _Layer] = {}
    for step, batch in enumerate(responses(mesh, [*subjects.values()], images, config.batch_size)):
        maps = {name: wanted(of_all, config) for name, of_all in zip(subjects, batch.networks, strict=True)}
        if not layers:
            layers = _begin(mesh, maps, len(images), len(batch.real), config)
        with jax.enable_x64(True):
            faults = {
                layer: states.absorb(mesh, step, [each[layer] for each in maps.values()], batch.real)
                for layer, states in layers.items()
            }
        check_counts(faults, [_called(name) for name in subjects], batch.first, batch.stop)
        progress("extracting activations", batch.stop, len(images))
    found: dict[Any, dict[str, np.ndarray]] = {name: {} for name in subjects}
    for done, (layer, states) in enumerate(layers.items(), start=1):
        with jax.enable_x64(True):
            for name, rows in zip(subjects, states.finish(mesh), strict=True):
                found[name][layer] = rows
        progress("compressing layers", done, len(layers))
    samples = {layer: states.samples for layer, states in layers.items()}
    basis = activations.fingerprint(*(rows for layers in found.values() for rows in layers.values()))
    return Extracted(found, samples, basis, inputs_of(images, config))


def _called(name: Any) -> str:
    return f"seed {name}" if isinstance(name, int) else str(name)


class _Layer:
    """A layer's joint state, and which positions go into it."""

    def __init__(self, mesh: Mesh, units: tuple[int, ...], rows: int, chosen: Draw | None, samples: int) -> None:
        self.samples = samples
        self._chosen = chosen
        redraws = chosen.redraws if chosen else 1
        # All redraws have buffers of their own, so they are smaller; no buffer is larger than what comes.
        block = min(rows, max(BLOCK // redraws, 2 * sum(units) if chosen is None else sum(units)))
        with jax.enable_x64(True):
            self._state = _empty(mesh, units, max(block, 1), chosen.redraws if chosen else None)

    def absorb(self, mesh: Mesh, step: int, maps: Sequence[jax.Array], real: jax.Array) -> tuple[jax.Array, ...]:
        """Updates by one batch; counts the activations of each network and unit that are not finite."""
        index = None if self._chosen is None else placed(mesh, P("data"), self._chosen.batch(step))
        self._state, faults = _absorb(mesh, self._state, tuple(maps), real, index)
        return faults

    def finish(self, mesh: Mesh) -> list[np.ndarray]:
        """Each network's rows."""
        rows = [np.asarray(part) for part in _finish(mesh, self._chosen is not None, self._state)]
        needed = min(self.samples, sum(part.shape[-1] for part in rows))
        return [part[..., :needed, :] for part in rows]


def _begin(
    mesh: Mesh, maps: Mapping[Any, Mapping[str, jax.Array]], images: int, size: int, config: MatchingConfig
) -> dict[str, _Layer]:
    layers: dict[str, _Layer] = {}
    first, *rest = maps
    for layer, values in maps[first].items():
        each = as_units(values, layer).shape[0] // size
        for name in rest:
            if layer not in maps[name]:
                raise InputError(f"{_called(name)} has no layer {layer!r}, which {_called(first)} has")
            there = as_units(maps[name][layer], layer).shape[0] // size
            if there != each:
                raise InputError(
                    f"layer {layer!r} has {each} positions on an image in {_called(first)} and {there} in "
                    f"{_called(name)}: choose layers of as many with --matching.layers"
                )
        steps = -(-images // size)
        chosen = draw(layer, images, each, size // mesh.size, steps * mesh.size, mesh.size, config)
        rows = steps * (chosen.width if chosen else each * size // mesh.size)
        samples = config.positions if chosen and config.positions else images * each
        units = tuple(found[layer].shape[-1] for found in maps.values())
        layers[layer] = _Layer(mesh, units, rows, chosen, samples)
    return layers


@partial(jax.jit, static_argnums=(0, 1, 2, 3))
def _empty(mesh: Mesh, units: tuple[int, ...], block: int, redraws: int | None) -> Compression:
    state = compression.init(units, jnp.float64, block)
    lead = (mesh.size,) if redraws is None else (mesh.size, redraws)
    rows = (jnp.broadcast_to(part, (*lead, *part.shape)) for part in state.rows)
    placed = NamedSharding(mesh, P("data"))
    return state._replace(rows=tuple(jax.lax.with_sharding_constraint(part, placed) for part in rows))


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def _absorb(
    mesh: Mesh, state: Compression, maps: tuple[jax.Array, ...], real: jax.Array, index: jax.Array | None
) -> tuple[Compression, tuple[jax.Array, ...]]:
    def local(state: Compression, maps: tuple[jax.Array, ...], real: jax.Array, index: jax.Array | None):
        units = [as_units(each) for each in maps]
        used = jnp.repeat(real, units[0].shape[0] // real.shape[0])[:, None]
        faults = tuple(jax.lax.psum(jnp.sum(used & ~jnp.isfinite(each), axis=0), "data") for each in units)
        state = _own(state)
        if index is None:
            state = compression.update(state, *(jnp.where(used, each, 0) for each in units))
        else:
            taken = index[0]
            rows = [jnp.where(taken[..., None] >= 0, each[taken], 0) for each in units]
            push = jax.vmap(compression.update, (_OVER_REDRAWS, *(0 for _ in rows)), _OVER_REDRAWS)
            state = push(state, *rows)
        return state._replace(rows=tuple(part[None] for part in state.rows)), faults

    specs = (_ON_DEVICES, P("data"), P("data"), P("data"))
    return jax.shard_map(local, mesh=mesh, in_specs=specs, out_specs=(_ON_DEVICES, P()))(state, maps, real, index)


@partial(jax.jit, static_argnums=(0, 1))
def _finish(mesh: Mesh, redrawn: bool, state: Compression) -> tuple[jax.Array, ...]:
    merge = partial(compression.finalize, axis_name="data")

    def local(state: Compression) -> tuple[jax.Array, ...]:
        return (jax.vmap(merge, (_OVER_REDRAWS,)) if redrawn else merge)(_own(state))

    return jax.shard_map(local, mesh=mesh, in_specs=(_ON_DEVICES,), out_specs=P())(state)


def _own(state: Compression) -> Compression:
    return state._replace(rows=tuple(part[0] for part in state.rows))
