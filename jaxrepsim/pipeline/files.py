"""The comparison of activation files, whatever they are from."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from jaxrepsim import activations
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.config import ConvergentConfig, MatchingConfig, TheoryConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.convergent import Files, align
from jaxrepsim.pipeline.correspondence import check_corresponding, common_layers
from jaxrepsim.pipeline.folder import RunFolder, claim
from jaxrepsim.pipeline.layers import chosen_layers
from jaxrepsim.pipeline.names import distinct
from jaxrepsim.pipeline.outputs import Say, up_to_date, write_results
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.results_files import read_netcdf
from jaxrepsim.pipeline.run import check_packages, match_into
from jaxrepsim.pipeline.theory import Compared, analyse


def match_files(
    paths: Sequence[Path],
    config: MatchingConfig,
    theory: TheoryConfig,
    convergent: ConvergentConfig,
    folder: RunFolder,
    progress: Progress,
    say: Say,
    layouts: Collection[str] = (),
) -> xr.Dataset:
    """Compares activation files of any origin.

    Args:
        paths: Two files or more; see `jaxrepsim.activations.load`. In the results a network has the name of its file.
        config: The values of ε, the layers, how many minimal matches.
        theory: What else is computed; nothing that needs the networks themselves.
        convergent: Which alignments; they need files of raw activations.
        folder: Where the results go; missing, empty, or begun with the same files and settings.
        progress: Told how far it has come.
        say: Told what was found.
        layouts: Of arrays of which the files do not state it.

    Returns:
        The table of results.

    Raises:
        InputError: A file that cannot be read, or is given twice; files that do not fit together, or are of different
            compressions or inputs; a folder that holds something else; settings that need the networks, or activations
            that are not compressed.
    """
    if theory.needs_networks:
        raise InputError(
            f"theory.{theory.needs_networks[0]} needs the networks of a run: activation files hold their responses only"
        )
    names = distinct([path.stem for path in paths], paths)
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError(f"a file is given twice: {', '.join(map(str, paths))}")
    networks = {name: activations.load(path, layouts) for name, path in zip(names, paths, strict=True)}
    check_corresponding(networks)
    known = common_layers(networks, config)
    chosen_layers(known, theory.layers)
    check_packages(theory)
    source = Files(networks, config.batch_size)
    if convergent.asked:
        source.check(chosen_layers(known, convergent.layers), convergent)
    settings = {"matching": to_plain(config), "theory": to_plain(theory), "convergent": to_plain(convergent)}
    with folder.locked():
        record = {"files": {name: _digest(path) for name, path in zip(names, paths, strict=True)}}
        claim(folder, settings | record | ({"layouts": sorted(layouts)} if layouts else {}))

        def results() -> xr.Dataset:
            found = match_into(folder, networks, config, progress, say)
            if theory.asked:
                with folder.timed("theory"):
                    found = analyse(Compared(networks, found, config), theory, folder.theory, progress)
            if convergent.asked:
                with folder.timed("alignment"):
                    found = align(found, source, convergent, config.seed, folder.convergent, progress)
            return found

        return kept(folder, results, settings, theory, convergent, f"activation files {', '.join(names)}", names)


def kept(
    folder: RunFolder,
    results: Callable[[], xr.Dataset],
    settings: Mapping[str, Any],
    theory: TheoryConfig,
    convergent: ConvergentConfig,
    data: str,
    names: Sequence[str],
) -> xr.Dataset:
    """The results of a folder, computed where they are not there yet.

    Args:
        folder: Where they are, or go.
        results: Computes them.
        settings: All settings, as plain data.
        theory: What they must hold.
        convergent: What they must hold.
        data: What was compared, in words.
        names: What heads the report.

    Returns:
        The table, as it is in the file.
    """
    if not (folder.results.exists() and up_to_date(read_netcdf(folder.results), theory, convergent)):
        found = results()
        found.attrs |= {"title": f"Match of {', '.join(names)}", "data": data, "config": json.dumps(settings)}
        write_results(folder, found)
    return read_netcdf(folder.results)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
