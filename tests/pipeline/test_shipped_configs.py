"""The configs that come with the package are found by name, in a clone and in an installed package."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import shipped_configs
from jaxrepsim.pipeline.config_file import place_of
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.shipped_configs import config_path, shipped
from tests.pipeline.conftest import SMOKE, jaxrepsim

CONFIGS = SMOKE.parent


@pytest.mark.parametrize("given", ["smoke", "smoke.py", "configs/smoke.py", "configs/smoke"])
def test_a_name_means_the_shipped_config(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert config_path(Path(given)) == SMOKE
    assert place_of(config_path(Path("figure1/smoke"))) == Path("runs/figure1/smoke")


def test_what_the_user_has_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("smoke").mkdir()
    assert config_path(Path("smoke")) == SMOKE  # a folder of another kind
    RunFolder(Path("smoke")).record.write_text("{}", encoding="utf-8")
    assert config_path(Path("smoke")) == Path("smoke")
    Path("smoke.py").touch()
    assert config_path(Path("smoke.py")) == Path("smoke.py")


def test_a_name_of_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="unknown config or run folder 'digits_vg'; did you mean 'digits_vgg'"):
        config_path(Path("digits_vg"))
    with pytest.raises(InputError, match=r"there is no config file digit_vgg.py; did you mean 'digits_vgg', which is"):
        config_path(Path("digit_vgg.py"))


def test_the_list_has_every_config():
    names = {path.relative_to(CONFIGS).with_suffix("").as_posix() for path in CONFIGS.rglob("*.py")}
    configs = shipped()
    assert {config.name for config in configs} == names
    assert len(configs) == len(names)
    assert all(config.does and config.time and "\n" not in config.does for config in configs)
    shown = jaxrepsim("configs").stdout
    assert "digits_vgg  [about two minutes on two CPU cores]\n    The main job: " in shown
    lines = [json.loads(line) for line in jaxrepsim("configs", "--json").stdout.splitlines()]
    assert {line["name"] for line in lines} == names
    assert {line["path"] for line in lines} == {str(CONFIGS / f"{name}.py") for name in names}
    assert {*jaxrepsim("configs", "--quiet").stdout.split()} == names


def test_an_installed_package_has_them_inside(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped_configs, "_PACKAGE", tmp_path)
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "mine.py").touch()
    assert config_path(Path("mine")) == tmp_path / "configs" / "mine.py"


@pytest.mark.long
def test_the_wheel_runs_a_config_by_its_name(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-q", "-w", tmp_path, CONFIGS.parent], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("jaxrepsim/configs/")}
    assert inside == {f"jaxrepsim/configs/{config.name}.py" for config in shipped()}
    subprocess.run([*pip, "install", "--no-deps", "-q", "--target", tmp_path / "site", wheel], check=True)
    done = subprocess.run(
        [sys.executable, "-m", "jaxrepsim", "run", "smoke", "--quiet", "--training.epochs", "2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "runs/smoke/report.html\n"), done.stderr
    assert (tmp_path / "runs" / "smoke" / "report.html").is_file()
