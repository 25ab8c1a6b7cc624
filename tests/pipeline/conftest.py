"""One tiny finished run, made by the command itself, for all tests that look at one."""

import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

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
