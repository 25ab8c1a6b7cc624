"""Eight devices, and many networks in one program, give the networks that one device gives one by one."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jaxrepsim.training import train_networks
from tests.devices import eight_devices
from tests.training.eight_devices import DATA, MODEL, flat
from tests.training.stream import streamed
from tests.training.tiny import CONFIG, SIXTEEN_SEEDS


@pytest.fixture(scope="module")
def one_by_one() -> np.ndarray:
    return flat(train_networks(MODEL, DATA, dataclasses.replace(CONFIG, seeds=SIXTEEN_SEEDS)))


def test_eight_devices(one_by_one, tmp_path):
    """One network with its batches spread over eight devices, and sixteen networks, two a device."""
    file = tmp_path / "weights.npz"
    process = subprocess.run(
        [sys.executable, "-m", "tests.training.eight_devices", file],
        env={**os.environ, **eight_devices()},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    found = np.load(file)
    for way in ("one_seed", "streamed"):
        np.testing.assert_allclose(found[way], one_by_one[:1], rtol=1e-3, atol=1e-4, err_msg=way)
    np.testing.assert_allclose(found["sixteen_seeds"], one_by_one, rtol=1e-3, atol=1e-4)
    assert len(np.unique(one_by_one[:, 0])) == len(SIXTEEN_SEEDS)


@pytest.mark.parametrize(("at_once", "data"), [(2, DATA), (3, streamed(DATA))], ids=["memory", "streamed"])
def test_one_device(one_by_one, at_once, data):
    """Two with one left over, and three with one; in the order of the settings."""
    config = dataclasses.replace(CONFIG, seeds=(3, 1, 0, 2)[: at_once + 1], seeds_at_once=at_once)
    networks = train_networks(MODEL, data, config)
    assert [network.seed for network in networks] == list(config.seeds)
    np.testing.assert_allclose(flat(networks), one_by_one[list(config.seeds)], rtol=1e-3, atol=1e-4)
