"""The command line as a user meets it: help, bad input, a full disk."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import jaxrepsim as jaxrepsim_package
from jaxrepsim.__main__ import main as process_main
from jaxrepsim.cli import main
from jaxrepsim.commands import COMMANDS
from jaxrepsim.errors import InputError
from jaxrepsim.measures import MEASURES
from jaxrepsim.options import options_of
from jaxrepsim.pipeline import MatchingConfig, RunConfig
from jaxrepsim.pipeline.config_file import load_configs
from jaxrepsim.pipeline.folder import RunFolder
from tests.pipeline.conftest import SMOKE, command, jaxrepsim

ROOT = SMOKE.parent.parent
SEVERAL = """
from jaxrepsim.pipeline import RunConfig, TrainingConfig
runs = {"wide": RunConfig(), "narrow": RunConfig(training=TrainingConfig(seeds=(7,)))}
"""


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A config file of two runs, the second with one seed."""
    path = tmp_path_factory.mktemp("several") / "some.py"
    path.write_text(SEVERAL)
    return path


def said(capsys):
    """The error stream on one line."""
    return " ".join(capsys.readouterr().err.split())


def test_help_is_enough_to_start():
    shown = jaxrepsim("--help")
    assert shown.returncode == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", shown.stdout, re.MULTILINE)
        own = jaxrepsim(name, "--help")
        assert own.returncode == 0
        assert own.stdout == jaxrepsim("--help", name).stdout
        assert own.stdout.startswith(f"usage: jaxrepsim {name} ")
        assert own.stdout.count("\n") < 60
        assert "--quiet" in own.stdout


@pytest.mark.parametrize(("asked", "there"), [(["--help", "training"], True), (["--help=data"], False)])
def test_the_help_of_one_group_has_the_values_of_the_config(asked, there):
    shown = jaxrepsim("run", SMOKE, *asked).stdout
    (epochs,) = {config.training.epochs for config in load_configs(SMOKE).values()}
    assert (f"  --training.epochs N  [{epochs}]\n" in shown) == there
    assert ("--data.name" in shown) != there
    assert "--model.width" not in shown


def test_the_help_of_all_groups_has_every_setting():
    shown = jaxrepsim("run", "--help", "all").stdout
    for option in options_of(RunConfig()).values():
        assert option.name in shown or option.field in ("title", "description")
    assert "None" not in {word.strip("[]") for line in shown.splitlines() if "--" in line for word in line.split()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "absent.py"], "error: there is no config file absent.py"),
        (["run", "digits_vg"], "error: unknown config or run folder 'digits_vg'; did you mean 'digits_vgg'?"),
        (["run", "figure1/smok.py"], "there is no config file figure1/smok.py; did you mean 'figure1/smoke', which"),
        (["run", "CONFIG", "--model.name", "vgg12"], "error: unknown model 'vgg12'; did you mean 'vgg11'?"),
        (["run", "CONFIG", "--data.name", "digitz"], "digitz"),
        (["run", "CONFIG", "--matching.layers", "conv99"], "error: unknown layer 'conv99'; did you mean 'conv"),
        (["match", "CONFIG", "--stability.layers", "conv99"], "error: unknown layer 'conv99'; did you mean 'conv"),
        (["run", "CONFIG", "--matching.epsilons", "0.5", "1.5"], "epsilons must be in [0, 1), one or more"),
        (["run", "CONFIG", "--training.epochs", "none"], "--training.epochs must be a whole number; received 'none'"),
        (
            ["run", "CONFIG", "--training.epoch", "3"],
            "no option --training.epoch here; did you mean --training.epochs?",
        ),
        (
            ["run", "CONFIG", "--epochs", "3"],
            "error: there is no option --epochs here; did you mean --training.epochs?",
        ),
        (["run", "CONFIG", "--training.epochs", "3", "4"], "error: --training.epochs takes one value; received 3 4"),
        (["run", "CONFIG", "--training.epochs"], "error: --training.epochs needs a whole number after it"),
        (["run", "CONFIG", "--training.schedule", "stepp"], "'stepp'; did you mean 'step'? Known: step, cosine"),
        (["run", "CONFIG", "--joint.on", "maybe"], "error: --joint.on takes no value: it is given, or not; received m"),
        (["run", "CONFIG", "--training.seeds", "0,a"], "error: --training.seeds must be a whole number; received 'a'"),
        (["run", "CONFIG", "--help", "trainin"], "error: unknown group of settings 'trainin'; did you mean 'training'"),
        (["run", "CONFIG", "--training.seeds", "0"], "two seeds or more"),
        (["run", "CONFIG", "--training.batch-size", "100000"], "batch"),
        (["report", "absent"], "error: there is no run folder absent"),
        (["report", "one", "two"], "error: `jaxrepsim report` takes one run folder; received one two"),
        (["configs", "all"], "error: `jaxrepsim configs` takes nothing; received all"),
        (["measures", "cka"], "error: `jaxrepsim measures` takes nothing; received cka"),
        (["compare", "a.npz", "b.npz", "--out", "there"], "error: a.npz is missing"),
        (
            ["compare", "a.npz"],
            "error: `jaxrepsim compare` takes two runs or activation files, or more; received a.npz",
        ),
        (["compare", "--out", "there"], "error: `jaxrepsim compare` needs A B [C ...] right after it"),
        (
            ["compare", "CONFIG", "SEVERAL"],
            "smoke.py is a config: name the folder of its run, runs/smoke, which `jaxrep",
        ),
        (
            ["compare", "digits_vgg", "b.npz"],
            "error: digits_vgg is a config: name the folder of its run, runs/digits_v",
        ),
        (["compare", "a.npz", "b.npz", "--training.epochs", "3"], "error: --training.epochs is for `jaxrepsim run`"),
        (["match", "a.npz", "--out", "there"], "error: a.npz is an activation file: `jaxrepsim compare` takes two"),
        (
            ["match", "a.npz", "b.npz"],
            "one config or run folder; received a.npz b.npz; several are compared by `jaxreps",
        ),
        (["run", "CONFIG", "CONFIG"], "error: `jaxrepsim run` takes one config or run folder; received"),
        (["run", "CONFIG", "--training.seeds"], "error: seeds must be one or more; received ()"),
        (
            ["run", "CONFIG", "--matching.epsilons", "0.1,1.2"],
            "epsilons must be in [0, 1), one or more; received (0.1,",
        ),
        (["run", "CONFIG", "--matching.layers", "fc1,fc9"], "error: unknown layer 'fc9'; did you mean 'fc2'?"),
        (["run", "--out", "there", "CONFIG"], "right after it: jaxrepsim run CONFIG|RUN ..."),
        (["run", "there"], "error: unknown config or run folder 'there'; Known: digits_convergent,"),
        ([], "compare, report, configs, measures, data. `jaxrepsim --help`"),
        (["dance"], "error: unknown command 'dance'; Known: run, train"),
        (["run", "SEVERAL", "--training.epochs", "3"], "has the runs wide, narrow: say with --only for which one --tr"),
        (["train", "SEVERAL", "--only", "wid"], "error: unknown run 'wid'; did you mean 'wide'?"),
        (["run", "SEVERAL", "--only", "wide", "--model.name", "vgg12"], "error: unknown model 'vgg12'"),
        (["run", "SEVERAL"], "a comparison needs two seeds or more, received (7,)"),
        (["data", "prepare", "cifar11"], "error: unknown set to prepare 'cifar11'; did you mean 'cifar10'?"),
        (["data", "fetch", "cifar10"], "fetch"),
        (["run", "CONFIG", "--processes", "auto"], "error: --processes auto finds no others"),
    ],
)
def test_bad_input_ends_with_status_2_and_leaves_nothing(
    arguments, message, tmp_path, tmp_path_factory, monkeypatch, capsys
):
    several = tmp_path_factory.mktemp("several") / "some.py"
    several.write_text(SEVERAL)
    monkeypatch.chdir(tmp_path)
    files = {"CONFIG": str(SMOKE), "SEVERAL": str(several)}
    assert main([files.get(argument, argument) for argument in arguments]) == 2
    error = said(capsys)
    assert message in error
    assert error.startswith("error: ")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.npy", "error: a.npy is an activation file: `jaxrepsim compare` takes two or more of them"),
        ("a.pkl", "error: a.pkl is not opened, for it may be a pickle, which can run any code"),
        ("a.PT", "error: a.PT is not opened, for it may be a pickle"),
        (
            "a.csv",
            "a.csv is no activation file, whose name must end in .safetensors, .npz, .npy, .h5, .hdf5, nor a config",
        ),
        (
            "a",
            "error: a is no activation file, whose name must end in .safetensors, .npz, .npy, .h5, .hdf5, nor a",
        ),
    ],
)
@pytest.mark.parametrize("command", ["run", "match"])
def test_a_file_of_another_kind_is_not_run_as_a_config_file(command, name, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"raise SystemExit('code of the file was run')\0")
    assert main([command, name]) == 2
    assert message in said(capsys)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "config = RunConfig(model=ModelConfig(name=ModelConfig))",
            "model.name is the class ModelConfig; a setting is",
        ),
        ("config = RunConfig(model=ModelConfig)", "model is the class ModelConfig; a setting is text"),
        ("config = RunConfig(title=str)", "title is the class str; a setting is text"),
        ("config = RunConfig(title=len)", "title is the function len; a setting is text"),
    ],
)
def test_a_class_in_a_config_file_is_told_by_its_name(body, message, tmp_path):
    config = tmp_path / "mine.py"
    config.write_text(f"from jaxrepsim.pipeline import *\n{body}\n")
    with pytest.raises(InputError) as caught:
        load_configs(config)
    assert message in str(caught.value)


def test_numbers_of_numpy_in_a_config_file(tmp_path):
    config = tmp_path / "mine.py"
    config.write_text(
        "import numpy as np\nfrom jaxrepsim.pipeline import *\n"
        "runs = {'a': RunConfig(matching=MatchingConfig(epsilons=tuple(np.float32([0.25, 0.5])), seed=np.int64(3)))}"
    )
    assert load_configs(config)["a"].matching == MatchingConfig(epsilons=(0.25, 0.5), seed=3)


def test_the_version(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["jaxrepsim", "--version"])
    assert process_main() == 0
    assert capsys.readouterr().out == f"jaxrepsim {jaxrepsim_package.__version__}\n"


def test_the_help_of_compare_shows_what_files_can_use():
    shown = jaxrepsim("compare", "a.npz", "b.npz", "--help").stdout
    assert "--layout" in shown
    assert "--rename" in shown
    shown = jaxrepsim("compare", "--help", "all").stdout
    assert "--matching.epsilons" in shown
    assert not {"--training.epochs", "--matching.positions", "--exciting-images.count"} & {*shown.split()}


@pytest.mark.parametrize("arguments", [["run", "--help"], ["--help"], ["report", "FINISHED"]])
def test_a_reader_that_has_gone_is_no_error(arguments, finished):
    read, write = os.pipe()
    os.close(read)
    words = [str(finished) if word == "FINISHED" else word for word in arguments]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "jaxrepsim", *words], stdout=write, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_json_is_a_line_a_stage_and_nothing_else(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "results")
    done = jaxrepsim("run", tmp_path / "run", "--json", "--minimal-matches.units", "0")
    *stages, last = map(json.loads, done.stdout.splitlines())
    run = str(tmp_path / "run")
    assert [line["stage"] for line in stages] == ["similarity", "measures", "report"]
    assert all(line["run"] == run and line["seconds"] >= 0 for line in stages)
    assert last == {"run": run, "results": f"{run}/results/results.nc", "report": f"{run}/report.html"}
    assert f"report: {run}/report.html" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "made"), [(["match"], "{run}/results/results.nc\n"), (["--quiet", "report"], "{run}/report.html\n")]
)
def test_quiet_is_the_path_of_what_was_made(arguments, made, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    done = jaxrepsim(*arguments, tmp_path / "run", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, made.format(run=tmp_path / "run"), "")


def test_without_the_packages_of_the_command_line():
    """In a process in which nothing can be imported but what `pip install jaxrepsim` brings."""
    code = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {refused}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refuse())
from jaxrepsim.__main__ import main
sys.argv = ["jaxrepsim", "--help"]
sys.exit(main())
"""
    refused = {"filelock", "grain", "msgspec", "rich", "safetensors", "sklearn", "scipy", "threadpoolctl", "tyro"}
    refused |= {"h5netcdf", "h5py", "jinja2", "matplotlib", "networkx", "pysat", "xarray"}
    done = subprocess.run(
        [sys.executable, "-c", code.format(refused=refused)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    advice = r'error: the command line needs \w+, which is not installed: pip install "jaxrepsim\[experiments\]"\n'
    assert re.fullmatch(advice, done.stderr)
    with (Path(__file__).parent.parent.parent / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["scripts"] == {"jaxrepsim": "jaxrepsim.__main__:main"}


def test_a_misspelt_key_in_a_config_file(tmp_path, capsys):
    config = tmp_path / "mine.py"
    config.write_text("from jaxrepsim.pipeline import RunConfig\nconfig = RunConfig(modle=1)\n")
    assert main(["run", str(config)]) == 2
    assert "did you mean 'model'?" in said(capsys)


def test_a_run_folder_of_other_settings(finished, capsys):
    assert main(["run", str(finished), "--training.epochs", "3"]) == 2
    assert "config.training.epochs: 4 there, 3 here" in said(capsys)


def test_a_foreign_folder(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("years of work")
    assert main(["run", str(SMOKE), "--out", str(tmp_path)]) == 2
    assert "not empty, and no run folder" in said(capsys)


def test_a_corrupt_checkpoint(finished, tmp_path, capsys):
    broken = tmp_path / "run"
    shutil.copytree(finished, broken)
    shutil.rmtree(broken / "activations")
    shutil.rmtree(broken / "results")
    for path in (broken / "checkpoints" / "seed_1").rglob("*"):
        if path.is_file() and path.stat().st_size > 500:
            path.write_bytes(path.read_bytes()[:100])
    assert main(["run", str(broken)]) == 2
    error = said(capsys)
    assert "damaged" in error
    assert "seed_1" in error


def test_a_damaged_results_file(finished, tmp_path, capsys):
    broken = tmp_path / "run"
    shutil.copytree(finished, broken)
    (broken / "results" / "results.nc").write_bytes(b"\x89HDF\r\n\x1a\n and then nothing")
    assert main(["report", str(broken)]) == 2
    assert "results.nc is missing or damaged" in said(capsys)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fc": np.full((30, 3), np.nan, np.float32)}, "layer 'fc', unit 0: 30 of 30 activations are NaN"),
        ({"fc": np.ones((31, 3), np.float32)}, "layer 'fc' has 30 samples in a and 31 in b; sample"),
        (
            {"fd": np.ones((30, 3), np.float32)},
            "b has no layer 'fc', which a has. a: fc b: fd Call those alike that are to be compared (--rename fd=fc",
        ),
        (
            {"fc": np.ones((30, 3), np.float32), "fd": np.ones((30, 3), np.float32)},
            "a has no layer 'fd', which b has. b: fc, fd a: fc Compare only those that both have (--matching.layers",
        ),
        ({"fc": np.ones((30, 3), np.complex64)}, "layer 'fc' holds complex64; activations must be real numbers"),
        (
            {"fc": np.ones((30, 3, 2))},
            "layer 'fc' has shape (30, 3, 2), and nothing states its layout: NLC (inputs, tok",
        ),
    ],
)
def test_activation_files_that_cannot_be_matched(change, message, tmp_path, capsys):
    rng = np.random.default_rng(0)
    save_file({"fc": rng.normal(size=(30, 3)).astype(np.float32)}, tmp_path / "a.safetensors")
    save_file(change, tmp_path / "b.safetensors")
    out = tmp_path / "out"
    status = main(["compare", str(tmp_path / "a.safetensors"), str(tmp_path / "b.safetensors"), "--out", str(out)])
    assert status == 2
    assert message in said(capsys)
    assert not [path for path in out.rglob("*") if path.name != ".lock"]


def test_activation_files_of_any_origin_are_matched_and_reported(tmp_path, capsys):
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(20, 4, 4, 3)).astype(np.float32)
    np.savez(tmp_path / "a.npz", conv=maps, fc=rng.normal(size=(20, 2)))
    save_file(
        {"conv": maps @ rng.normal(size=(3, 3)).astype(np.float32), "fc": rng.normal(size=(20, 2))},
        tmp_path / "b.safetensors",
    )
    out = tmp_path / "out"
    arguments = ["compare", str(tmp_path / "a.npz"), str(tmp_path / "b.safetensors"), "--out", str(out)]
    arguments += ["--layout", "NHWC"]
    assert main([*arguments, "--matching.epsilons", "0.1", "0.9", "--minimal-matches.units", "2"]) == 0
    assert (out / "report.html").is_file()
    with (out / "results" / "similarity.csv").open(newline="") as file:
        table = {(row["layer"], row["epsilon"]): float(row["similarity_mean"]) for row in csv.DictReader(file)}
    assert table["conv", "0.1"] == 1
    assert table["fc", "0.1"] == 0
    assert main(["report", str(out)]) == 0
    capsys.readouterr()
    assert main(arguments) == 2
    assert "matching.epsilons" in said(capsys)


def test_two_commands_at_once_do_not_meet(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path / "run")
    with RunFolder(tmp_path / "run").locked():
        assert main(["run", str(tmp_path / "run")]) == 2
    assert "another run is at work" in said(capsys)


def test_training_keeps_its_folder_to_itself_and_heeds_sigterm(tiny_config, tmp_path):
    """While a process trains in a folder another command is refused; asked to stop, it stops and says so."""
    arguments = ("train", tiny_config, "--out", tmp_path / "run")
    first = subprocess.Popen(
        command(*arguments, "--training.epochs", 5000), cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    try:
        while not (tmp_path / "run" / "checkpoints" / "seed_0" / "epoch_1.safetensors").exists():
            assert first.poll() is None
            time.sleep(0.05)
        second = jaxrepsim(*arguments)
        assert second.returncode == 2
        assert "another run is at work" in second.stderr
        first.terminate()
        error = first.communicate(timeout=300)[1]
    finally:
        first.kill()
    assert first.returncode == 143, error
    assert "stopped by SIGTERM" in error
    assert "; the same command goes on where this one stopped" in error
    assert "Traceback" not in error


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tiny_config, tmp_path):
    """On real file systems of a few blocks, mounted for one process: one is full at the first checkpoint."""
    probe = ["unshare", "--mount", "--map-root-user", "true"]
    if shutil.which("unshare") is None or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets no process mount a file system of its own")
    sizes = ("60k", "110k")
    mounts = [f"mkdir {tmp_path}/{size} && mount -t tmpfs -o size={size} none {tmp_path}/{size}" for size in sizes]
    (tmp_path / "runs.py").write_text(
        f"""
import json, sys
from pathlib import Path
from tests.pipeline.conftest import jaxrepsim
for size in {sizes}:
    place = Path("{tmp_path}", size, "run")
    done = jaxrepsim("run", "{tiny_config}", "--out", place)
    print(done.returncode, done.stderr, end="", file=sys.stderr)
    json.loads((place / "run.json").read_text())
    print(*place.rglob(".*.*"), end="", file=sys.stderr)
"""
    )
    script = f"{' && '.join(mounts)} || exit 77; PYTHONPATH={ROOT} {sys.executable} {tmp_path}/runs.py"
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=ROOT,
    )
    if done.returncode == 77:
        pytest.skip("this machine lets no process mount a tmpfs")
    lines = done.stderr.splitlines()
    assert len(lines) == len(sizes), done.stderr
    assert all(line.startswith("2 error: the disk is full") for line in lines), done.stderr


def test_measures_are_listed():
    done = jaxrepsim("measures")
    assert "procrustes  [distance, 0 to 1.41, a metric]" in done.stdout
    assert jaxrepsim("measures", "--quiet").stdout.splitlines() == list(MEASURES)
    rows = list(map(json.loads, jaxrepsim("measures", "--json").stdout.splitlines()))
    assert [row["name"] for row in rows if not row["symmetric"]] == ["pwcca", "linear_regression", "ridge"]
