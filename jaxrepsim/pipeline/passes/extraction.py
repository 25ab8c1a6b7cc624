"""From trained networks to compressed activations: batch by batch, no activation ever stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from operator import itemgetter
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P
from jax.typing import DTypeLike

from jaxrepsim import activations, compression
from jaxrepsim.activations import as_units
from jaxrepsim.compression import Compression, gram, means, triangles
from jaxrepsim.compression.gram import GramMatrix
from jaxrepsim.compression.streaming import absorb
from jaxrepsim.compression.triangles import BLOCK, Triangle
from jaxrepsim.data.dataset import Images
from jaxrepsim.data.streamed import Streamed
from jaxrepsim.errors import InputError
from jaxrepsim.numerics.varying import varying_like
from jaxrepsim.numerics.x64 import enable_x64
from jaxrepsim.pipeline.passes.forward import Subject, check_counts, placed, responses, wanted
from jaxrepsim.pipeline.passes.positions import Draw, draw
from jaxrepsim.pipeline.progress import Progress, silent
from jaxrepsim.pipeline.shared_settings import MatchingConfig


class Extracted(NamedTuple):
    """The compressed activations of all networks.

    Fields:
        layers: For each seed, or name, its layers, (rows, units) or (redraws, rows, units), float64, on rows that all
            share; the first of them is √m·mean.
        squares: Likewise (rows,) or (redraws, rows), the squared lengths of samples in the same basis; see
            `jaxrepsim.compression.Compressed`.
        samples: For each layer, how many samples its rows stand for.
        basis: Names this compression: rows of another one do not correspond to these.
        inputs: A fingerprint of the images and of what is drawn of them.
        by_qr: The layers for which sums of products were not exact enough.
        seconds: Of all.
        forward: Of these, seconds in which the networks ran.
    """

    layers: dict[Any, dict[str, np.ndarray]]
    squares: dict[Any, dict[str, np.ndarray]]
    samples: dict[str, int]
    basis: str
    inputs: str
    by_qr: tuple[str, ...] = ()
    seconds: float = 0.0
    forward: float = 0.0

    def __str__(self) -> str:
        """A line for the user."""
        line = f"extracted {len(self.samples)} layers of {len(self.layers)} networks: {self.seconds:.1f} s"
        line += f", of which {self.forward:.1f} s the networks themselves"
        return f"{line}; once more, by QR: {', '.join(self.by_qr)}" if self.by_qr else line

    def save(self, path: Path, name: Any, note: Mapping[str, Any]) -> None:
        """Writes one network's activation file.

        Args:
            path: The file.
            name: The network's in `layers`.
            note: The origin, kept in the file.
        """
        layers = self.layers[name]
        layouts = {layer: "RNC" if rows.ndim == 3 else "NC" for layer, rows in layers.items()}
        note = {**note, "by_qr": list(self.by_qr)} if self.by_qr else note
        squares = self.squares.get(name)
        activations.save(path, layers, note, self.samples, layouts, self.basis, self.inputs, squares)


def inputs_of(images: Images, config: MatchingConfig) -> str:
    """A fingerprint of the images, and of what is drawn of their positions."""
    drawn = (config.positions, config.redraws, config.seed) if config.positions else "all"
    return activations.fingerprint(images.identity if isinstance(images, Streamed) else images, repr(drawn))


def extract(
    subjects: Mapping[Any, Subject], images: Images, config: MatchingConfig, progress: Progress = silent
) -> Extracted:
    """Activations of any networks on the same images, each layer compressed jointly over the networks, in float64.

    The joint factor has at most as many rows as the networks have units together, and a few more for means; its
    columns, split by network, have all the inner products of the raw activations, centred or not, so nothing that is
    compared later is lost. Memory holds one batch and the state of each layer, however many images there are.

    Activations in float32 are summed up as products. The layers for which that is not exact enough (see
    `jaxrepsim.compression.error_bound`) are extracted once more, by QR.

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
    begun = perf_counter()
    mesh = Mesh(np.array(jax.devices()), ("data",))
    found: dict[Any, dict[str, np.ndarray]] = {name: {} for name in subjects}
    squares: dict[Any, dict[str, np.ndarray]] = {name: {} for name in subjects}
    samples: dict[str, int] = {}
    inexact: list[str] = []
    running = 0.0

    def compress(config: MatchingConfig, dtype: DTypeLike, what: str) -> None:
        nonlocal running
        layers, seconds = _streamed(mesh, subjects, images, config, dtype, partial(progress, what))
        running += seconds
        for done, (layer, state) in enumerate(layers.items(), start=1):
            rows, lengths, exact = state.finish(mesh)
            samples[layer] = state.samples
            if not exact:
                inexact.append(layer)
            for name, own, squared in zip(subjects, rows, lengths, strict=True):
                found[name][layer], squares[name][layer] = own, squared
            progress("compressing layers", done, len(layers))

    compress(config, jnp.float32, "extracting activations")
    if inexact:
        again = replace(config, layers=tuple(inexact))
        compress(again, jnp.float64, "extracting activations once more, by QR")
    basis = activations.fingerprint(*(rows for layers in found.values() for rows in layers.values()))
    seconds = perf_counter() - begun
    return Extracted(found, squares, samples, basis, inputs_of(images, config), tuple(inexact), seconds, running)


def _streamed(
    mesh: Mesh,
    subjects: Mapping[Any, Subject],
    images: Images,
    config: MatchingConfig,
    dtype: DTypeLike,
    progress: Callable[[int, int], None],
) -> "tuple[dict[str, _Layer], float]":
    """The states of all layers after all images, and the seconds in which the networks ran."""
    layers: dict[str, _Layer] = {}
    seconds, begun = 0.0, perf_counter()
    for step, batch in enumerate(responses(mesh, [*subjects.values()], images, config.batch_size)):
        maps = {name: wanted(of_all, config) for name, of_all in zip(subjects, batch.networks, strict=True)}
        jax.block_until_ready(maps)
        seconds += perf_counter() - begun
        if not layers:
            layers = _begin(mesh, maps, len(images), len(batch.real), config, dtype)
        with enable_x64(True):
            faults = {
                layer: states.absorb(mesh, step, [each[layer] for each in maps.values()], batch.real)
                for layer, states in layers.items()
            }
        check_counts(faults, [_called(name) for name in subjects], batch.first, batch.stop)
        progress(batch.stop, len(images))
        begun = perf_counter()
    return layers, seconds


def _called(name: Any) -> str:
    return f"seed {name}" if isinstance(name, int) else str(name)


class _Layer:
    """A layer's joint state, and which positions go into it."""

    def __init__(
        self, mesh: Mesh, units: tuple[int, ...], rows: int, chosen: Draw | None, samples: int, dtype: DTypeLike
    ) -> None:
        self.samples = samples
        self._units = units
        self._chosen = chosen
        redraws = chosen.redraws if chosen else 1
        # All redraws have buffers of their own, so they are smaller; no buffer is larger than what comes.
        block = min(rows, max(BLOCK // redraws, 2 * sum(units) if chosen is None else sum(units)))
        with enable_x64(True):
            self._state = _empty(mesh, units, jnp.dtype(dtype), max(block, 1), chosen.redraws if chosen else None)

    def absorb(self, mesh: Mesh, step: int, maps: Sequence[jax.Array], real: jax.Array) -> tuple[jax.Array, ...]:
        """Updates by one batch; counts the activations of each network and unit that are not finite."""
        index = None if self._chosen is None else placed(mesh, P("data"), self._chosen.batch(step))
        self._state, faults = _absorb(mesh, self._state, tuple(maps), real, index)
        return faults

    def finish(self, mesh: Mesh) -> tuple[list[np.ndarray], list[np.ndarray], bool]:
        """Each network's rows and squares, and whether they are exact enough."""
        redrawn = self._chosen is not None
        with enable_x64(True):
            if isinstance(self._state, Triangle):
                rows, squares, exact = *_merged(mesh, redrawn, self._state)[:2], True
            elif mesh.size == 1:  # nothing to merge, and so nothing to compile
                rows, squares, exact = _factored(jax.tree.map(itemgetter(0), jax.device_get(self._state)), redrawn)
            else:
                rows, squares, exact = _factored(_merged(mesh, redrawn, self._state), redrawn)
        rows, squares = np.asarray(rows), np.asarray(squares)
        # Rows of zeros, in every redraw, say nothing.
        used = np.any(rows != 0, axis=-1) | np.any(squares != 0, axis=-1)
        used = used.any(axis=0) if redrawn else used
        used[0] = True
        parts = np.split(rows[..., used, :], np.cumsum(self._units)[:-1], axis=-1)
        return parts, [squares[..., used, at] for at in range(len(self._units))], exact


def _begin(
    mesh: Mesh,
    maps: Mapping[Any, Mapping[str, jax.Array]],
    images: int,
    size: int,
    config: MatchingConfig,
    dtype: DTypeLike,
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
        with enable_x64(True):
            wide = jnp.result_type(dtype, *(found[layer] for found in maps.values()))
        layers[layer] = _Layer(mesh, units, rows, chosen, samples, wide)
    return layers


@partial(jax.jit, static_argnums=(0, 1, 2, 3, 4))
def _empty(mesh: Mesh, units: tuple[int, ...], dtype: np.dtype, block: int, redraws: int | None) -> Compression:
    lead = (mesh.size,) if redraws is None else (mesh.size, redraws)
    placed = NamedSharding(mesh, P("data"))

    def of_each(part: jax.Array) -> jax.Array:
        return jax.lax.with_sharding_constraint(jnp.broadcast_to(part, (*lead, *part.shape)), placed)

    return _changed(compression.init(units, dtype, block, squares=True), of_each)


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def _absorb(
    mesh: Mesh, state: Compression, maps: tuple[jax.Array, ...], real: jax.Array, index: jax.Array | None
) -> tuple[Compression, tuple[jax.Array, ...]]:
    def local(state: Compression, maps: tuple[jax.Array, ...], real: jax.Array, index: jax.Array | None):
        units = [as_units(each) for each in maps]
        used = jnp.repeat(real, units[0].shape[0] // real.shape[0])[:, None]
        state = _changed(state, lambda part: part[0])
        if index is None:
            state = absorb(state, units, used[:, 0])
        else:
            taken = index[0]
            axes = _axes(state, 0, None)
            state = jax.vmap(absorb, (axes, 0, 0), axes)(state, [each[taken] for each in units], taken >= 0)
        faults = tuple(jax.lax.psum(each, "data") for each in _faults(state, units, used))
        return _changed(state, lambda part: part[None]), faults

    of_devices = _axes(state, P("data"), P())
    specs = (of_devices, P("data"), P("data"), P("data"))
    return jax.shard_map(local, mesh=mesh, in_specs=specs, out_specs=(of_devices, P()))(state, maps, real, index)


def _faults(state: Compression, units: Sequence[jax.Array], used: jax.Array) -> tuple[jax.Array, ...]:
    """How many activations of each network and unit are not finite."""

    def counted() -> tuple[jax.Array, ...]:
        return tuple(jnp.sum(used & ~jnp.isfinite(each), axis=0, dtype=jnp.int32) for each in units)

    if isinstance(state, Triangle) or state.products.ndim > 2:  # of positions that are not drawn it knows nothing
        return counted()
    # To count takes longer than to compress; and the sum of finite activations is finite.
    none = jax.tree.map(
        lambda count: varying_like(jnp.zeros(count.shape, count.dtype), *units), jax.eval_shape(counted)
    )
    return jax.lax.cond(jnp.all(jnp.isfinite(state.products[-1])), lambda: none, counted)


@partial(jax.jit, static_argnums=(0, 1))
def _merged(mesh: Mesh, redrawn: bool, state: Compression) -> Any:
    """Of all devices: the rows, or the state of which rows are made."""

    def merged(state: Compression) -> Any:
        return triangles.summary(state, "data") if isinstance(state, Triangle) else gram.over_devices(state, "data")

    def local(state: Compression) -> Any:
        state = _changed(state, lambda part: part[0])
        return jax.vmap(merged, (_axes(state, 0, None),))(state) if redrawn else merged(state)

    return jax.shard_map(local, mesh=mesh, in_specs=(_axes(state, P("data"), P()),), out_specs=P())(state)


def _factored(merged: GramMatrix, redrawn: bool) -> tuple[np.ndarray, np.ndarray, bool]:
    """Rows and squares of all networks, and whether they are exact enough, of a state or of one for each redraw."""
    state = jax.device_get(merged)
    states = [jax.tree.map(itemgetter(at), state) for at in range(len(state.samples))] if redrawn else [state]
    rows, squares, _, bounds = zip(*(means.summary(one, None) for one in states), strict=True)
    exact = bool((np.stack(bounds) <= gram.allowed(jnp.float64)).all())
    if not redrawn:
        return rows[0], squares[0], exact
    most = max(map(len, rows))

    def filled(each: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack([np.pad(one, ((0, most - len(one)), (0, 0))) for one in each])

    return filled(rows), filled(squares), exact


def _axes(state: Compression, own: Any, common: Any) -> Any:
    """`own` for what each device and redraw has of a state; the counter of a triangle depends on shapes alone."""
    return Triangle(own, common, own) if isinstance(state, Triangle) else own


def _changed(state: Compression, function: Callable[[jax.Array], jax.Array]) -> Compression:
    """What each device and redraw has of a state, changed."""
    if isinstance(state, Triangle):
        return state._replace(rows=tuple(map(function, state.rows)), means=tuple(map(function, state.means)))
    return jax.tree.map(function, state)
