"""Run by test_processes.py in a process with eight CPU devices: extracts a run's networks, and samples one."""

import sys
from pathlib import Path

import jax
import numpy as np

from jaxrepsim import training
from jaxrepsim.pipeline.folder import RunFolder, load
from jaxrepsim.pipeline.passes.sampled import Sampled, sample
from jaxrepsim.pipeline.run import Run
from tests.pipeline.conftest import jaxrepsim

IMAGES, ROWS = 3, 21
"""Three images: some of the devices have none."""


def sampled(folder: Path) -> Sampled:
    """Raw activations of the run's first network."""
    run = Run(load(folder), RunFolder(folder))
    network = training.load_network(run.model, run.dataset, run.config.training, 0, run.folder.checkpoints)
    return sample(run.model, network, run.dataset, run.config.matching, IMAGES, ROWS)


def main(folder: Path, file: str) -> None:
    """Writes the run's activations where they belong, and the sampled ones to a file."""
    assert len(jax.devices()) == 8
    done = jaxrepsim("extract", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    np.savez(file, **sampled(folder).positions)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
