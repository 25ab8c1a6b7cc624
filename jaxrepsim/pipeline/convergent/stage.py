"""The alignments that the settings ask for: one pass over the images, a second one for mutual information."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path
from zlib import crc32

import xarray as xr

from jaxrepsim.pipeline.config import ConvergentConfig
from jaxrepsim.pipeline.convergent.information import mutual_informations
from jaxrepsim.pipeline.convergent.layer import align_layer
from jaxrepsim.pipeline.convergent.shown import shown_pairs
from jaxrepsim.pipeline.convergent.sources import Source
from jaxrepsim.pipeline.convergent.statistics import gather
from jaxrepsim.pipeline.layers import chosen_layers
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.results_files import along_layers, file_name, merged, read_netcdf, write_netcdf


def align(
    results: xr.Dataset, source: Source, config: ConvergentConfig, seed: int, folder: Path, progress: Progress
) -> xr.Dataset:
    """Computes what the settings ask for, where it is not in the folder yet.

    Args:
        results: The match results of these networks.
        source: The networks.
        config: Which parts, and their bounds.
        seed: Of all that is drawn.
        folder: Holds one results file a layer.
        progress: Told how far it has come.

    Returns:
        The match results, with the variables of these parts; see `jaxrepsim.report.schema_convergent`.

    Raises:
        InputError: A layer that the settings ask for was not compared; an activation is NaN or infinite.
    """
    every = [str(layer) for layer in results.layer.values]
    layers = chosen_layers(every, config.layers)
    # Settings may change between sittings: what others gave is not taken for what these give.
    place = folder / f"{crc32(repr((replace(config, layers=()), seed)).encode()):08x}"
    files = {layer: place / f"{every.index(layer):03d}_{file_name(layer)}.nc" for layer in layers}
    images = place / f"exciting_{crc32(repr(layers).encode()):08x}.nc"
    lacking_images = bool(config.exciting) and not images.exists()
    missing = [layer for layer, file in files.items() if lacking_images or not file.exists()]
    statistics = gather(source, missing, config, seed, progress) if missing else {}
    absent = [layer for layer in missing if not files[layer].exists()]
    information = mutual_informations(source, {layer: statistics[layer] for layer in absent}, config, seed, progress)
    for done, layer in enumerate(absent):
        progress("aligning layers", done, len(absent), layer)
        write_netcdf(align_layer(layer, statistics[layer], information.get(layer, []), config, seed), files[layer])
    progress("aligning layers", len(absent), len(absent))
    parts = {layer: read_netcdf(file) for layer, file in files.items()}
    found = [along_layers(list(parts.values()), layers)]
    if lacking_images and source.pixels is not None:
        networks = list(combinations(range(results.sizes["network"]), 2))
        excited = {layer: one.exciting for layer, one in statistics.items()}
        shapes = {layer: one.shape for layer, one in statistics.items()}
        write_netcdf(shown_pairs(parts, excited, shapes, networks, source.pixels), images)
    if config.exciting:
        found.append(read_netcdf(images))
    return merged(results, found, [str(pair) for pair in results.pair.values])
