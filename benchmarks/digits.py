"""Raw activations of two networks trained on the digits: from a run folder, or trained here."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import jax
import numpy as np

from benchmarks.baseline import Array
from jaxrepsim import activations, training
from jaxrepsim.pipeline import folder as run_folder
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.config_file import load_config
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.progress import Progress
from jaxrepsim.pipeline.run import Run

CONFIGS = Path(__file__).parent.parent / "configs"
Layers = dict[str, tuple[Array, Array]]
"""For each layer the raw activations (samples, units) of both networks, float64."""


def from_run(path: Path, progress: Progress) -> Layers:
    """The first two seeds of a finished run, from its checkpoints."""
    return _layers(Run(run_folder.load(path), RunFolder(path), progress))


def trained_here(quick: bool, progress: Progress, say: Callable[[str], None]) -> Layers:
    """Trains the first two seeds of the main job, or of the smoke test for an epoch; nothing is kept."""
    config = load_config(CONFIGS / ("smoke.py" if quick else "digits_vgg.py"))
    epochs = 1 if quick else config.training.epochs
    shorter = replace(
        config.training, seeds=(0, 1), epochs=epochs, warmup_epochs=0.0 if quick else config.training.warmup_epochs
    )
    with TemporaryDirectory() as folder:
        run = Run(replace(config, training=shorter), RunFolder(Path(folder)), progress, say)
        run.train()
        return _layers(run)


def _layers(run: Run) -> Layers:
    config: RunConfig = run.config
    data = run.dataset

    @jax.jit
    def apply(variables, images):
        return run.model.apply(variables, training.normalise(images, data.mean, data.std), train=False)

    gathered = []
    for seed in config.training.seeds[:2]:
        network = training.load_network(run.model, data, config.training, seed, run.folder.checkpoints)
        forward = partial(apply, network.variables)
        gathered.append(activations.capture(forward, data.validation.images[:], progress=run.progress))
    first, second = gathered
    return {layer: (np.asarray(first[layer], float), np.asarray(second[layer], float)) for layer in first}
