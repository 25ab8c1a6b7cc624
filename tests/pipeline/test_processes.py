"""The main job on several devices and in several processes: the numbers of one."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy as np
import pytest
import xarray as xr

from jaxrepsim import preemption
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import processes, run
from jaxrepsim.pipeline.config_file import load_config
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.preemption import Preempted
from tests.pipeline.conftest import SMOKE, jaxrepsim


@pytest.fixture
def trained(finished, tmp_path):
    """A run folder in which training is done and nothing else."""
    folder = shutil.copytree(finished, tmp_path / "run")
    for made in ("activations", "results", "figures"):
        shutil.rmtree(folder / made)
    (folder / "report.html").unlink()
    return folder


def assert_same_results(folder, finished):
    found, wanted = (xr.load_dataset(path / "results" / "results.nc", engine="h5netcdf") for path in (folder, finished))
    xr.testing.assert_equal(found.similarity, wanted.similarity)
    for name in ("profile_x", "profile_y"):
        np.testing.assert_allclose(found[name], wanted[name], atol=1e-4)  # single precision, in other batches


def test_eight_devices(trained, finished):
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    done = jaxrepsim("run", trained, env={**os.environ, **flags})
    assert done.returncode == 0, done.stdout + done.stderr
    assert_same_results(trained, finished)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def started(arguments, variables):
    return subprocess.Popen(
        [sys.executable, "-m", "jaxrepsim", *map(str, arguments)],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def two_processes(*arguments):
    """Two processes that the environment names."""
    address = f"127.0.0.1:{free_port()}"
    return [
        started(arguments, dict(zip(processes.VARIABLES, (address, "2", str(index)), strict=True)))
        for index in range(2)
    ]


def ended(both):
    """The exit statuses and what the processes said."""
    try:
        out = [process.communicate(timeout=600)[0] for process in both]
    finally:
        for process in both:
            process.kill()
    return [process.returncode for process in both], out


def test_two_processes_share_the_seeds_and_the_extraction(tmp_path, finished):
    folder = tmp_path / "run"
    status, out = ended(two_processes("run", SMOKE, "--out", folder))
    assert status == [0, 0], out
    for index in range(2):
        assert f"seed {index}: validation accuracy" in out[index]
        assert f"seed {1 - index}: validation accuracy" not in out[index]
    assert "extracted 11 layers" in out[0]
    assert "report.html" not in out[1]
    assert_same_results(folder, finished)
    assert (folder / "report.html").exists()
    for seed in (0, 1):
        assert (folder / "checkpoints" / f"seed_{seed}" / "4" / "checksums.json").exists()


def test_a_process_that_fails_ends_the_other_too(trained):
    """In a job of Slurm, as far as its variables make one; the second of two processes meets a damaged checkpoint."""
    for path in (trained / "checkpoints" / "seed_1" / "4").rglob("*"):
        if path.is_file() and path.stat().st_size > 500:
            path.write_bytes(path.read_bytes()[:100])
    job = {
        "SLURM_JOB_ID": str(free_port()),
        "SLURM_STEP_NODELIST": "localhost",
        "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_NTASKS": "2",
        "SLURM_LOCALID": "0",
    }
    arguments = ("train", trained, "--processes", "auto")
    status, out = ended([started(arguments, {**job, "SLURM_PROCID": str(i)}) for i in range(2)])
    assert status == [2, 2], out
    assert "error: process 1 failed: " in out[0]
    for each in out:
        assert "seed_1/4 is damaged" in each
        assert "Traceback" not in each


@pytest.mark.long
def test_sigterm_to_one_process_stops_both(tmp_path):
    folder = tmp_path / "run"
    both = two_processes("train", SMOKE, "--out", folder, "--training.epochs", "30")
    while not (folder / "checkpoints" / "seed_1" / "1").exists():
        assert both[1].poll() is None, both[1].communicate()
        time.sleep(0.05)
    both[1].send_signal(signal.SIGTERM)
    status, out = ended(both)
    assert status == [143, 143], out
    assert "process 1 was stopped by SIGTERM; the same command goes on where this one stopped" in out[0]
    assert "stopped by SIGTERM" in out[1]


@pytest.mark.parametrize(("here", "end"), [(processes.ALONE, Preempted), (processes.Place(2, 0), KeyError)])
def test_no_process_leaves_an_extraction_that_others_share(here, end, tmp_path, monkeypatch):
    def extract(model, networks, dataset, config, progress):
        progress("extracting activations", 1, 2)
        raise KeyError

    monkeypatch.setattr(run, "extract", extract)
    monkeypatch.setattr(run.Run, "train", lambda self: ())
    monkeypatch.setattr(run.Run, "trained", lambda self: [])
    job = run.Run(load_config(SMOKE), RunFolder(tmp_path), here=here)
    assert job.dataset
    monkeypatch.setattr(preemption, "requested", lambda: True)
    with pytest.raises(end):
        job.write_activations()


@pytest.mark.parametrize(
    "values",
    [
        ("127.0.0.1:1234", "", ""),
        ("", "2", "0"),
        ("127.0.0.1", "2", "0"),
        ("127.0.0.1:1234", "2", "2"),
        ("127.0.0.1:1234", "two", "0"),
    ],
)
def test_half_a_place_is_refused(monkeypatch, values):
    for name, value in zip(processes.VARIABLES, values, strict=True):
        monkeypatch.setenv(name, value)
    with pytest.raises(InputError, match="several processes need all of JAX_COORDINATOR_ADDRESS"):
        processes.join()


def test_a_process_on_its_own(monkeypatch):
    for name in processes.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert processes.join() == processes.ALONE
    processes.ALONE.meet("nobody")
    with pytest.raises(KeyError), processes.watched(processes.ALONE):
        raise KeyError
