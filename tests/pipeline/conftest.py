"""One tiny finished run, made by the command itself, for all tests that look at one; and how tests call the command."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import jax
import pytest
from matplotlib.figure import Figure

from jaxrepsim import activations, cli
from jaxrepsim.report.figure import Drawing
from jaxrepsim.training import normalise
from tests.pipeline import tiny
from tests.programs import free_where_many

SMOKE = Path(__file__).parent.parent.parent / "configs" / "smoke.py"


class Done(NamedTuple):
    """How a command ended, as `subprocess.run` tells it."""

    returncode: int | str | None
    stdout: str
    stderr: str


@contextlib.contextmanager
def blank_figures():
    """Reports have all their figures, and these nothing in them: tests/report draws them, which takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Drawing, "figure", lambda *of_what: Figure((1, 1)))
        yield


def jaxrepsim(*arguments) -> Done:
    """Runs the command in this process; the figures of its report stay blank."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), blank_figures():
        try:
            status = cli.main([*map(str, arguments)])
        except SystemExit as exit:  # the parser's own errors, and help
            status = exit.code
    return Done(status, out.getvalue(), err.getvalue())


def command(*arguments) -> list[str]:
    """The command line for a process of its own, which knows the tiny network too."""
    return [sys.executable, "-m", "tests.pipeline.tiny", *map(str, arguments)]


def in_a_process(*arguments, **variables) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own, with some environment variables more."""
    return subprocess.run(
        command(*arguments),
        cwd=SMOKE.parent.parent,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="session")
def tiny_config(tmp_path_factory) -> Path:
    """The config file of `finished`."""
    path = tmp_path_factory.mktemp("config") / "tiny.py"
    path.write_text(tiny.CONFIG, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished(once, tiny_config) -> Path:
    """The run folder of a tiny config. Who changes it takes a copy."""

    def fill(folder):
        done = jaxrepsim("run", tiny_config, "--out", folder)
        assert done.returncode == 0, done.stdout + done.stderr

    return once("finished", fill)


@pytest.fixture(scope="session")
def analysed(once, finished) -> Path:
    """The same run, given every analysis there is; its page is not drawn again."""

    def fill(folder):
        shutil.copytree(finished, folder)
        for settings in (THEORY, ALIGNMENTS):
            done = jaxrepsim("match", folder, *settings)
            assert done.returncode == 0, done.stdout + done.stderr
            free_where_many()

    return once("analysed", fill)


THEORY = (
    *("--decomposition.on", "--decomposition.layers", "fc1", "stem", "--decomposition.simple-matches", "12"),
    *("--decomposition.smallest-rounds", "2", "--stability.on", "--stability.layers", "fc1", "stem"),
    *("--stability.simple-matches", "12", "--chance.draws", "4", "--chance.layers", "fc1", "stem"),
    *("--sampling.images", "200", "--sampling.rows", "400"),
    *("--joint.on", "--dimensionality.on", "--across-layers.on", "--over-training.on"),
)
ALIGNMENTS = (
    *("--mutual-information.bins", "6", "--sparse-prediction.penalties", "0.1", "0.003", "--clusters.count", "4"),
    *("--exciting-images.count", "3"),
)


def raw_activations(run, network):
    """Every layer of a network on all images, not compressed."""

    @jax.jit
    def apply(images):
        normalised = normalise(images, run.dataset.mean, run.dataset.std)
        return run.model.apply(network.variables, normalised, train=False)

    return activations.capture(apply, run.dataset.validation.images)
