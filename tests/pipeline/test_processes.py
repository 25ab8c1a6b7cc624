"""The main job on several devices and in several processes: the numbers of one."""

import os
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import processes
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


def test_two_processes_train_once_and_share_the_extraction(tmp_path, finished):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    folder = tmp_path / "run"
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "jaxrepsim", "run", str(SMOKE), "--out", str(folder)],
            env={**os.environ, **dict(zip(processes.VARIABLES, (address, "2", str(index)), strict=True))},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for index in range(2)
    ]
    out = [process.communicate(timeout=600)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], out
    assert "trained in" in out[0]
    assert "extracted 11 layers" in out[0]
    assert "trained in" not in out[1]
    assert_same_results(folder, finished)
    assert (folder / "report.html").exists()


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
        processes.place()


def test_a_process_on_its_own(monkeypatch):
    for name in processes.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert processes.place() is None


def test_what_fails_on_its_own_is_told():
    with pytest.raises(InputError, match=r"`jaxrepsim train nowhere\.py` ended with status 2"):
        processes.run_alone(["train", "nowhere.py"])
