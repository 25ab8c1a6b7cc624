"""What extraction gives, and the activation files that it is written to."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxrepsim import activations
from jaxrepsim.data.dataset import Images
from jaxrepsim.data.streamed import Streamed
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.shared_settings import MatchingConfig


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


def inputs_of(images: Images, config: MatchingConfig) -> str:
    """A fingerprint of the images, and of what is drawn of their positions."""
    drawn = (config.positions, config.redraws, config.seed) if config.positions else "all"
    return activations.fingerprint(images.identity if isinstance(images, Streamed) else images, repr(drawn))


def write(extracted: Extracted, folder: RunFolder, note: Mapping[str, Any]) -> None:
    """Writes one activation file a network.

    Args:
        extracted: From `extract`.
        folder: Where the files go.
        note: The origin, kept in the files.
    """
    for seed in extracted.layers:
        save(folder.activations(seed), extracted, seed, {**note, "seed": seed})


def save(path: Path, extracted: Extracted, name: Any, note: Mapping[str, Any]) -> None:
    """Writes one network's activation file.

    Args:
        path: The file.
        extracted: From `extract` or `extract_jointly`.
        name: The network's in it.
        note: The origin, kept in the file.
    """
    layers = extracted.layers[name]
    layouts = {layer: "RNC" if rows.ndim == 3 else "NC" for layer, rows in layers.items()}
    activations.save(path, layers, note, extracted.samples, layouts, extracted.basis, extracted.inputs)
