import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh

from jaxrepsim.compression import compress_sharded

ROOT = Path(__file__).parent.parent.parent
MESH = Mesh(np.array(jax.devices()), ("data",))


def start(devices, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.compression.eight_devices", *arguments],
        env={**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}", "JAX_PLATFORMS": "cpu"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_close(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, out + err
    found = re.search(r"off by (\S+)", out)
    assert found, out + err
    assert float(found[1]) <= 1e-10


def test_eight_devices_give_what_one_gives():
    assert_close(start(8))


@pytest.mark.long
def test_two_processes_of_four_devices_give_what_one_gives():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    for process in [start(4, address, str(index)) for index in range(2)]:
        assert_close(process)


@pytest.mark.parametrize("widths", [(3, 2), (0, 3), ()])
def test_any_number_of_networks(widths):
    rng = np.random.default_rng(0)
    arrays = [jnp.asarray(rng.normal(size=(24 * MESH.size, n)), jnp.float32) for n in widths]
    found = compress_sharded(MESH, *arrays)
    assert [a.shape for a in found] == [(sum(widths), n) for n in widths]
    if widths:
        before, after = (np.concatenate(parts, axis=1, dtype=np.float64) for parts in (arrays, found))
        np.testing.assert_allclose(after.T @ after, before.T @ before, atol=1e-4)


def test_another_axis_is_refused():
    with pytest.raises(ValueError, match=r"the mesh has no axis 'model', it has \['data'\]"):
        compress_sharded(MESH, jnp.ones((8, 2)), axis_name="model")
