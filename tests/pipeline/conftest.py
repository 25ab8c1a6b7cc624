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
    return run_once(tmp_path_factory, worker_id, "finished", SMOKE.read_text(encoding="utf-8"))


def run_once(tmp_path_factory, worker_id, name, config):
    """The folder of a run, made by the first worker that asks for it; the config is `config.py` beside it."""
    shared = tmp_path_factory.getbasetemp()
    place = (shared if worker_id == "master" else shared.parent) / name
    place.mkdir(exist_ok=True)
    with FileLock(place / "lock"):
        if not (place / "run" / "report.html").exists():
            (place / "config.py").write_text(config, encoding="utf-8")
            done = jaxrepsim("run", place / "config.py", "--out", place / "run")
            assert done.returncode == 0, done.stdout + done.stderr
    return place / "run"


def raw_activations(run, network):
    """Every layer of a network on all images, not compressed."""

    @jax.jit
    def apply(images):
        normalised = normalise(images, run.dataset.mean, run.dataset.std)
        return run.model.apply(network.variables, normalised, train=False)

    return activations.collect(apply, run.dataset.validation.images)
