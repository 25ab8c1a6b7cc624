"""The comparison of activation files, whatever they are from."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from jaxrepsim import activations
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.comparison import common_layers
from jaxrepsim.pipeline.config import ConvergentConfig, MatchingConfig, TheoryConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.convergent import Files, align
from jaxrepsim.pipeline.folder import RunFolder, claim
from jaxrepsim.pipeline.layers import chosen_layers
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

    Returns:
        The table of results.

    Raises:
        InputError: A file that cannot be read, or is given twice; files that do not fit together; a folder that holds
            something else; settings that need the networks, or activations that are not compressed.
    """
    if theory.needs_networks:
        raise InputError(
            f"theory.{theory.needs_networks[0]} needs the networks of a run: activation files hold their responses only"
        )
    names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        names = [str(path) for path in paths]
    if len(set(names)) < len(names):
        raise InputError(f"a file is given twice: {', '.join(names)}")
    networks = {name: activations.load(path) for name, path in zip(names, paths, strict=True)}
    known = common_layers(networks, config)
    chosen_layers(known, theory.layers)
    check_packages(theory)
    source = Files(networks, config.batch_size)
    if convergent.asked:
        source.check(chosen_layers(known, convergent.layers), convergent)
    with folder.locked():
        digests = {name: _digest(path) for name, path in zip(names, paths, strict=True)}
        settings = {"matching": to_plain(config), "theory": to_plain(theory), "convergent": to_plain(convergent)}
        record = {**settings, "files": digests}
        claim(folder, record)
        if not (folder.results.exists() and up_to_date(read_netcdf(folder.results), theory, convergent)):
            results = match_into(folder, networks, config, progress, say)
            if theory.asked:
                with folder.timed("theory"):
                    results = analyse(Compared(networks, results, config), theory, folder.theory, progress)
            if convergent.asked:
                with folder.timed("alignment"):
                    results = align(results, source, convergent, config.seed, folder.convergent, progress)
            results.attrs |= {
                "title": f"Match of {', '.join(names)}",
                "data": f"activation files {', '.join(names)}",
                "config": json.dumps(settings),
            }
            write_results(folder, results)
        return read_netcdf(folder.results)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
