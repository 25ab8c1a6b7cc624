"""The launch scripts, with programs in the place of those they call that note how they were called."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

LAUNCH = Path(__file__).parent.parent / "experiments" / "launch"
NOTED = ("JAX_PROCESS_ID", "JAX_NUM_PROCESSES", "JAX_COORDINATOR_ADDRESS", "JAX_LOCAL_DEVICE_IDS", "JAX_PLATFORMS")


@pytest.fixture
def machine(tmp_path):
    """A function that puts a program in the place of one, and the environment that finds it."""
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "NOTES": str(tmp_path / "notes")}
    for name in (*NOTED, "CUDA_VISIBLE_DEVICES", "PROCESSES", "PORT", "DATA"):
        environment.pop(name, None)

    def stand_in(program, body):
        path = tmp_path / program
        path.write_text(f"#!/usr/bin/env bash\n{body}\n", encoding="utf-8")
        path.chmod(0o755)

    stand_in("nvidia-smi", "printf 'GPU 0\\nGPU 1\\nGPU 2\\nGPU 3\\n'")
    shown = " ".join(f"${{{name}:-}};" for name in (*NOTED, "CUDA_VISIBLE_DEVICES"))
    stand_in("jaxrepsim", f'echo "$*; {shown}" >> "$NOTES"')
    return stand_in, environment


def launched(environment, script, *arguments, **more):
    done = subprocess.run(
        [LAUNCH / script, *arguments], env={**environment, **more}, capture_output=True, text=True, check=False
    )
    notes = Path(environment["NOTES"])
    lines = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
    return done, sorted([part.strip() for part in line.split(";")][:-1] for line in lines)


def test_one_gpu(machine):
    done, calls = launched(machine[1], "one_gpu.sh", "a.py", "--model.width", "0.5")
    assert done.returncode == 0, done.stderr
    assert calls == [["run a.py --model.width 0.5", "", "", "", "", "cuda,cpu", "0"]]
    _, calls = launched(machine[1], "one_gpu.sh", "a.py", CUDA_VISIBLE_DEVICES="3")
    assert sorted(call[-1] for call in calls) == ["0", "3"]


@pytest.mark.parametrize("script", ["one_gpu.sh", "multi_gpu.sh"])
def test_without_a_gpu_nothing_begins(machine, script):
    """JAX itself would go on, on the CPU, with `JAX_PLATFORMS=cuda,cpu` too."""
    machine[0]("nvidia-smi", "echo 'No devices were found'; exit 6")
    chosen = {"CUDA_VISIBLE_DEVICES": "0,1"}
    done, calls = launched(machine[1], script, "a.py", **chosen)
    assert (done.returncode, calls) == (2, [])
    assert "lists no GPU" in done.stderr
    done, calls = launched(machine[1], script, "a.py", **chosen, JAX_PLATFORMS="cpu")
    assert done.returncode == 0, done.stderr
    assert {call[5] for call in calls} == {"cpu"}


def test_a_process_a_gpu(machine):
    done, calls = launched(machine[1], "multi_gpu.sh", "a.py", "--only", "b")
    assert done.returncode == 0, done.stderr
    assert [call[:5] for call in calls] == [
        ["run a.py --only b", str(number), "4", "localhost:8476", str(number)] for number in range(4)
    ]


def test_gpus_are_shared_out(machine):
    chosen = {"CUDA_VISIBLE_DEVICES": "2,3,5,7,8,9", "PROCESSES": "2", "PORT": "99"}
    _, calls = launched(machine[1], "multi_gpu.sh", "a.py", **chosen)
    assert [call[1:5] for call in calls] == [["0", "2", "localhost:99", "0,1,2"], ["1", "2", "localhost:99", "3,4,5"]]
    done, _ = launched(machine[1], "multi_gpu.sh", "a.py", PROCESSES="3")
    assert done.returncode == 2
    assert "does not divide the 4 GPUs" in done.stderr


def test_one_process_on_all_gpus(machine):
    _, calls = launched(machine[1], "multi_gpu.sh", "a.py", PROCESSES="1")
    assert calls == [["run a.py", "", "", "", "", "cuda,cpu", ""]]


def test_the_status_is_that_of_the_process_that_failed(machine):
    machine[0]("jaxrepsim", '[[ "$JAX_PROCESS_ID" != 2 ]] || exit 7')
    assert launched(machine[1], "multi_gpu.sh", "a.py")[0].returncode == 7


def test_sigterm_reaches_every_process_and_all_are_waited_for(machine):
    work = 'trap "sleep 0.3; echo stopped >> $NOTES; exit 143" TERM; echo ready >> $NOTES; while :; do sleep 0.05; done'
    machine[0]("jaxrepsim", work)
    notes = Path(machine[1]["NOTES"])
    script = subprocess.Popen([LAUNCH / "multi_gpu.sh", "a.py"], env=machine[1])
    try:
        until = time.monotonic() + 30
        while not (notes.exists() and notes.read_text(encoding="utf-8").count("ready") == 4):
            assert time.monotonic() < until
            time.sleep(0.05)
        script.send_signal(signal.SIGTERM)
        assert script.wait(timeout=30) == 143
    finally:
        script.kill()
    assert notes.read_text(encoding="utf-8").count("stopped") == 4


def test_tpu_slice(machine):
    machine[0]("gcloud", 'printf "%s\\n" "$@" > "$NOTES"')
    slice_ = {"TPU": "mine", "ZONE": "here", "FOLDER": "/mnt/a b"}
    done = subprocess.run([LAUNCH / "tpu_slice.sh", "a.py", "--model.name", "x y"], env={**machine[1], **slice_})
    assert done.returncode == 0
    *words, command = Path(machine[1]["NOTES"]).read_text(encoding="utf-8").splitlines()
    assert words == ["compute", "tpus", "tpu-vm", "ssh", "mine", "--zone", "here", "--worker=all", "--command"]
    assert command.split(" && ") == [
        r"cd /mnt/a\ b",
        ". .venv/bin/activate",
        r"export TFDS_DATA_DIR=/mnt/a\ b/data",
        r"exec jaxrepsim run a.py --model.name x\ y --processes auto ",
    ]


@pytest.mark.parametrize("script", ["one_gpu.sh", "multi_gpu.sh", "tpu_slice.sh"])
def test_a_call_without_a_config_says_how(machine, script):
    done, calls = launched(machine[1], script)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")
    assert not calls
