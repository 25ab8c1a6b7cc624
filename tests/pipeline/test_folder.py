"""Run folders: whose they are, and who is at work in them."""

import json
import os
import subprocess
import sys
import time

import pytest

from jaxrepsim.errors import InputError
from jaxrepsim.files import atomic_path
from jaxrepsim.pipeline.config import RunConfig
from jaxrepsim.pipeline.config_file import to_plain
from jaxrepsim.pipeline.folder import RunFolder, claim, load

RECORD = {"config": to_plain(RunConfig(title="a"))}


def test_a_claimed_folder_is_taken_up_again(tmp_path):
    folder = RunFolder(tmp_path / "deep" / "run")
    claim(folder, RECORD)
    claim(folder, RECORD)
    assert load(folder.path) == RunConfig(title="a")


def test_other_settings_are_refused_and_listed(tmp_path):
    claim(RunFolder(tmp_path), RECORD)
    with pytest.raises(InputError, match=r"other settings(.|\n)*config.title: 'a' there, 'b' here"):
        claim(RunFolder(tmp_path), {"config": to_plain(RunConfig(title="b"))})


def test_a_foreign_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match="not empty, and no run folder"):
        claim(RunFolder(tmp_path), RECORD)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("place", ["run", "run/deeper"])
def test_a_file_is_no_folder(tmp_path, place):
    (tmp_path / "run").write_text("")
    with pytest.raises(InputError, match="cannot be a run folder"), RunFolder(tmp_path / place).locked():
        pass


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        (json.dumps({"format": 99}), "its format is 99, and this one reads 2"),
        (json.dumps({"format": 2, "config": {"titel": "a"}}), "'titel'; did you mean 'title'"),
        (json.dumps({"format": 1, "config": {}}), "another version of jaxrepsim"),
        (json.dumps({"format": 2, "files": {}}), "a comparison of several files or runs, not a run"),
    ],
)
def test_a_damaged_or_foreign_record(tmp_path, text, message):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(InputError, match=message):
        load(tmp_path)


def test_a_folder_without_a_record(tmp_path):
    with pytest.raises(InputError, match="no run folder"):
        load(tmp_path)


def test_one_run_at_a_time(tmp_path):
    with (
        RunFolder(tmp_path).locked(),
        pytest.raises(InputError, match="another run is at work"),
        RunFolder(tmp_path).locked(),
    ):
        pass
    with RunFolder(tmp_path).locked():
        pass


def test_timings_add_up_over_sittings(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.timed("matching"):
        pass
    first = folder.timings["matching"]
    with pytest.raises(KeyboardInterrupt), folder.timed("matching"):
        raise KeyboardInterrupt
    with folder.timed("report"):
        pass
    assert folder.timings["matching"] >= first
    assert set(folder.timings) == {"matching", "report"}


KILLED = """
import os, sys
from pathlib import Path
from jaxrepsim.files import atomic_path
for name in sys.argv[1:]:
    atomic_path(Path(name)).__enter__().write_text("half")
os._exit(9)
"""
OURS = [
    "results/parts/similarity_0a/001_conv2.nc",
    "results/parts/joint_0a/000_conv1.nc",
    "activations/seed_0.safetensors",
    "run.json",
]


def test_what_a_killed_process_left_is_removed_when_the_run_goes_on(tmp_path):
    drawn = ["figures/depth.svg", "results/similarity.csv"]
    names = [str(tmp_path / name) for name in (*OURS, *drawn)]
    assert subprocess.run([sys.executable, "-c", KILLED, *names], check=False).returncode == 9
    foreign = [tmp_path / ".notes.20260101.md", tmp_path / "results" / ".mine.abcd1234.nc", tmp_path / "a.part.nc"]
    foreign.append(tmp_path / "checkpoints" / "seed_0" / ".epoch_1.part.tmp")
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("not ours")
    left = sorted(path for path in tmp_path.rglob(".*") if path not in foreign)
    assert len(left) == len(OURS) + len(drawn)
    with RunFolder(tmp_path).locked():
        fresh = sorted(path for path in left if path.exists())
        assert [path.suffix for path in fresh] == [".svg", ".csv"]  # perhaps a script is writing them just now
    for path in fresh:
        os.utime(path, (time.time() - 7200,) * 2)
    with RunFolder(tmp_path).locked():
        assert not any(path.exists() for path in left)
    assert all(path.exists() for path in foreign)


def test_what_another_process_is_writing_stays(tmp_path):
    """Who has no lock removes nothing."""
    with (
        RunFolder(tmp_path).locked(),
        atomic_path(tmp_path / "results" / "parts" / "000_fc.nc") as temporary,
    ):
        temporary.write_text("half")
        with pytest.raises(InputError, match="another run is at work"), RunFolder(tmp_path).locked():
            pass
        assert temporary.exists()
    assert (tmp_path / "results" / "parts" / "000_fc.nc").read_text() == "half"
