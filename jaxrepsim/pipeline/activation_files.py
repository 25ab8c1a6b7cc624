"""The comparison of activation files, whatever they are from."""

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

import xarray as xr

from jaxrepsim import activations
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.analysis import asked_layers, check
from jaxrepsim.pipeline.comparison import compare, finished
from jaxrepsim.pipeline.config import AnalysisConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.correspondence import check_corresponding, common_layers
from jaxrepsim.pipeline.distinct_names import distinct
from jaxrepsim.pipeline.folder import RunFolder, claim
from jaxrepsim.pipeline.outputs import Say
from jaxrepsim.pipeline.part import Inputs, Need
from jaxrepsim.pipeline.passes.sources import Files
from jaxrepsim.pipeline.progress import Progress

_REFUSED: dict[Need, str] = {
    "sampled": "needs the networks of a run: activation files hold their responses only",
    "images": "needs the images of a run: activation files hold responses only",
}


def match_files(
    paths: Sequence[Path],
    config: AnalysisConfig,
    folder: RunFolder,
    progress: Progress,
    say: Say,
    layouts: Collection[str] = (),
) -> xr.DataTree:
    """Compares activation files of any origin.

    Args:
        paths: Two files or more; see `jaxrepsim.activations.load`. In the results a network has the name of its file.
        config: What is computed; no part that needs the networks themselves.
        folder: Where the results go; missing, empty, or begun with the same files and settings.
        progress: Told how far it has come.
        say: Told what was found.
        layouts: Of arrays of which the files do not state it.

    Returns:
        The results.

    Raises:
        InputError: A file that cannot be read, or is given twice; files that do not fit together, or are of different
            compressions or inputs; a folder that holds something else; settings that need the networks, or activations
            that are not compressed.
    """
    names = distinct([path.stem for path in paths], paths)
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError(f"a file is given twice: {', '.join(map(str, paths))}")
    networks = {name: activations.load(path, layouts) for name, path in zip(names, paths, strict=True)}
    check_corresponding(networks)
    layers = common_layers(networks, config.matching)
    check(config, layers, _REFUSED)
    source = Files(networks, config.matching.batch_size)
    for name, chosen in asked_layers(config, layers).items():
        if config.parts[name].needs == "statistics":
            source.check(chosen)
    with folder.locked():
        record = {"files": {name: _digest(path) for name, path in zip(names, paths, strict=True)}}
        claim(folder, to_plain(config) | record | ({"layouts": sorted(layouts)} if layouts else {}))
        if (results := finished(folder, config)) is not None:
            return results
        inputs = Inputs(networks, layers, config.matching, progress, source=source, wanted=config.wanted)
        about = {"title": f"Match of {', '.join(names)}", "data": f"activation files {', '.join(names)}"}
        return compare(inputs, config, folder, say, about)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
