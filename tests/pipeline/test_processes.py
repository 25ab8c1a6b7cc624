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

from jaxrepsim import activations, preemption
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import processes, run
from jaxrepsim.pipeline.config_file import load_config
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.preemption import Preempted
from tests.devices import eight_devices
from tests.pipeline.conftest import SMOKE, command
from tests.pipeline.eight_devices import sampled

ROOT = SMOKE.parent.parent


@pytest.fixture
def trained(finished, tmp_path):
    """A run folder in which training is done and nothing else."""
    folder = shutil.copytree(finished, tmp_path / "run")
    for made in ("activations", "results", "figures"):
        shutil.rmtree(folder / made)
    (folder / "report.html").unlink()
    return folder


def assert_same_activations(folder, finished):
    """The same inner products within and between all networks: what every result depends on."""
    files = [[activations.load(RunFolder(path).activations(seed)) for seed in (0, 1, 2)] for path in (folder, finished)]
    for layer in files[0][0].layers:
        assert files[0][0].samples[layer] == files[1][0].samples[layer]
        found, wanted = (np.concatenate([file.layers[layer] for file in each], axis=1) for each in files)
        inner = wanted.T @ wanted
        np.testing.assert_allclose(found.T @ found, inner, atol=1e-5 * inner.max())  # single precision, other batches


@pytest.mark.long
def test_eight_devices(trained, finished, tmp_path):
    command = [sys.executable, "-m", "tests.pipeline.eight_devices", trained, tmp_path / "sampled.npz"]
    variables = {**os.environ, **eight_devices()}
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_same_activations(trained, finished)
    found, wanted = np.load(tmp_path / "sampled.npz"), sampled(finished).positions
    assert list(found) == list(wanted)
    for layer, rows in wanted.items():
        np.testing.assert_allclose(found[layer], rows, rtol=1e-4, atol=1e-5)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def started(arguments, variables):
    return subprocess.Popen(
        command(*arguments),
        cwd=ROOT,
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


def test_two_processes_share_the_seeds_and_the_extraction(tmp_path, tiny_config, finished):
    folder = tmp_path / "run"
    status, out = ended(two_processes("extract", tiny_config, "--out", folder))
    assert status == [0, 0], out
    for seed in (0, 1, 2):
        assert f"seed {seed}: validation accuracy" in out[seed % 2]
        assert f"seed {seed}: validation accuracy" not in out[1 - seed % 2]
    assert "extracted 3 layers" in out[0]
    assert "extracted" not in out[1]
    assert_same_activations(folder, finished)
    for seed in (0, 1, 2):
        assert (folder / "checkpoints" / f"seed_{seed}" / "epoch_4.safetensors").exists()


@pytest.mark.long
def test_the_first_of_two_processes_matches_and_reports(trained):
    status, out = ended(two_processes("run", trained))
    assert status == [0, 0], out
    assert "matched 3 layers" in out[0]
    assert "report.html" in out[0]
    assert "matched" not in out[1]
    assert "report.html" not in out[1]
    assert (trained / "report.html").exists()


@pytest.mark.long
def test_a_process_that_fails_ends_the_other_too(trained):
    """In a job of Slurm, as far as its variables make one; the second of two processes meets a damaged checkpoint."""
    path = trained / "checkpoints" / "seed_1" / "epoch_4.safetensors"
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
        assert "seed_1/epoch_4.safetensors is damaged" in each
        assert "Traceback" not in each


@pytest.mark.long
def test_sigterm_to_one_process_stops_both(tmp_path, tiny_config):
    folder = tmp_path / "run"
    both = two_processes("train", tiny_config, "--out", folder, "--training.epochs", "5000")
    while not (folder / "checkpoints" / "seed_1" / "epoch_1.safetensors").exists():
        assert both[1].poll() is None, both[1].communicate()
        time.sleep(0.05)
    both[1].send_signal(signal.SIGTERM)
    status, out = ended(both)
    assert status == [143, 143], out
    assert "process 1 was stopped by SIGTERM; the same command goes on where this one stopped" in out[0]
    assert "stopped by SIGTERM" in out[1]


@pytest.mark.parametrize(("here", "end"), [(processes.ONLY_PROCESS, Preempted), (processes.Place(2, 0), KeyError)])
def test_no_process_leaves_an_extraction_that_others_share(here, end, tmp_path, monkeypatch):
    def extract(subjects, images, config, progress):
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
    assert processes.join() == processes.ONLY_PROCESS
    processes.ONLY_PROCESS.meet("nobody")
    with pytest.raises(KeyError), processes.watched(processes.ONLY_PROCESS):
        raise KeyError
