"""One tiny finished run, made by the command itself, for all tests that look at one."""

import subprocess
import sys
from pathlib import Path

import jax
import pytest
from filelock import FileLock

from jaxrepsim import activations
from jaxrepsim.training import normalise

SMOKE = Path(__file__).parent.parent.parent / "configs" / "smoke.py"


def jaxrepsim(*arguments, **options):
    """Runs the command in a process of its own."""
    command = [sys.executable, "-m", "jaxrepsim", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, **options)


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id):
    """The run folder of the smoke config, shared by the workers."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared if worker_id == "master" else shared.parent
    folder = shared / "finished"
    with FileLock(shared / "finished.lock"):
        if not (folder / "report.html").exists():
            done = jaxrepsim("run", SMOKE, "--out", folder)
            assert done.returncode == 0, done.stdout + done.stderr
    return folder


def raw_activations(run, network):
    """Every layer of a network on all images, not compressed."""

    @jax.jit
    def apply(images):
        normalised = normalise(images, run.dataset.mean, run.dataset.std)
        return run.model.apply(network.variables, normalised, train=False)

    return activations.collect(apply, run.dataset.validation.images)
