"""Run folders: whose they are, and who is at work in them."""

import json

import pytest

from jaxrepsim.errors import InputError
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
        (json.dumps({"format": 99}), "has format 99; this version"),
        (json.dumps({"format": 1, "config": {"titel": "a"}}), "'titel'; did you mean 'title'"),
        (json.dumps({"format": 1, "files": {}}), "a match of activation files, not a run"),
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
