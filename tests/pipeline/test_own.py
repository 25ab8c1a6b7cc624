"""Runs of networks and data of one's own, by the command."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.pipeline.conftest import jaxrepsim

PAGE = Path(__file__).parent.parent.parent / "docs" / "own_run.md"
MODULES = ("nets", "my_data", "modern")


@pytest.fixture(scope="module")
def files():
    """The files of the page's example."""
    blocks = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert [name for name, _ in blocks] == ["nets.py", "my_data.py", "own.py"]
    return dict(blocks)


@pytest.fixture
def place(files, tmp_path, monkeypatch):
    """A current folder with these files, whose modules nobody knows before or after."""
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield tmp_path
    for name in MODULES:
        sys.modules.pop(name, None)


def results(folder):
    return xr.load_datatree(folder / "results" / "results.nc", engine="h5netcdf")


def test_the_example_of_the_page(place):
    done = jaxrepsim("match", "own.py")
    assert done.returncode == 0, done.stderr
    accuracies = re.findall(r"validation accuracy ([\d.]+)%", done.stdout)
    assert len(accuracies) == 2
    assert min(map(float, accuracies)) > 60
    found = results(place / "runs" / "own")
    assert found["similarity"].layer.values.tolist() == ["conv", "norm", "hidden", "logits"]
    record = json.loads((place / "runs" / "own" / "run.json").read_text(encoding="utf-8"))
    assert record["config"]["model"]["name"] == "nets:MyNet"
    assert record["config"]["model"]["options"] == {"width": 4}

    # From its folder, with the last checkpoints gone: the same weights again, and nothing else is done anew.
    for seed in (0, 1):
        (place / "runs" / "own" / "checkpoints" / f"seed_{seed}" / "epoch_4.safetensors").unlink()
    shutil.rmtree(place / "runs" / "own" / "activations")
    activations = jaxrepsim("extract", "runs/own")
    assert activations.returncode == 0, activations.stderr
    assert re.findall(r"validation accuracy ([\d.]+)%", activations.stdout) == accuracies

    # Another comment is the same network, another line is not.
    shutil.rmtree(place / "runs" / "own" / "activations")
    for text, status in (("# A comment.\n", 0), ("LIMIT = 3\n", 2)):
        sys.modules.pop("nets")
        (place / "nets.py").write_text(text + (place / "nets.py").read_text(encoding="utf-8"), encoding="utf-8")
        done = jaxrepsim("train", "runs/own")
        assert done.returncode == status, done.stderr
    assert "model.code" in done.stderr


MODERN = """
from flax import nnx

class Modern(nnx.Module):
    def __init__(self, width: int, *, rngs: nnx.Rngs):
        self.conv = nnx.Conv(1, width, (3, 3), strides=2, rngs=rngs)
        self.norm = nnx.BatchNorm(width, rngs=rngs)
        self.dropout = nnx.Dropout(0.2, rngs=rngs)
        self.hidden = nnx.Linear(16 * width, width, rngs=rngs)
        self.logits = nnx.Linear(width, 3, rngs=rngs)

    def __call__(self, images):
        x = self.dropout(nnx.relu(self.norm(self.conv(images))))
        return self.logits(nnx.relu(self.hidden(x.reshape(len(x), -1))))

class Vectors(nnx.Module):
    def __init__(self, *, rngs: nnx.Rngs):
        self.hidden = nnx.Linear(5, 4, rngs=rngs)
        self.logits = nnx.Linear(4, 3, rngs=rngs)

    def __call__(self, vectors):
        return self.logits(nnx.relu(self.hidden(vectors)))
"""


def test_an_nnx_module_and_a_file_by_options(place, tmp_path, monkeypatch):
    """The modules are beside the config file, and not in the current folder."""
    (place / "modern.py").write_text(MODERN, encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    sys.path.append(str(place))
    from my_data import bars  # pyright: ignore  (the page's)

    np.savez("bars.npz", **bars())
    sys.path.remove(str(place))
    options = ("--data.name", "bars.npz", "--model.name", "modern:Modern")  # the width is the config's
    done = jaxrepsim(
        "match", place / "own.py", "--out", "run", *options, "--matching.layers", "conv", "dropout", "logits"
    )
    assert done.returncode == 0, done.stderr
    found = results(Path("run"))
    assert found["similarity"].layer.values.tolist() == ["conv", "dropout", "logits"]


def test_vectors(place):
    (place / "modern.py").write_text(MODERN, encoding="utf-8")
    random = np.random.default_rng(0)
    labels = np.arange(48) % 3
    np.savez("vectors.npz", images=random.normal(0, 0.5, (48, 5)) + np.eye(3, 5)[labels] * 4, labels=labels)
    (place / "vectors.py").write_text(
        "from jaxrepsim.pipeline import DataConfig, ModelConfig, RunConfig, TrainingConfig\n"
        "data = DataConfig('vectors.npz', train_split='train[:30]', validation_split='train[30:]')\n"
        "training = TrainingConfig(seeds=(0, 1), epochs=9, batch_size=10, learning_rate=0.1)\n"
        "config = RunConfig(data=data, model=ModelConfig('modern:Vectors'), training=training)\n",
        encoding="utf-8",
    )
    done = jaxrepsim("extract", "vectors.py")
    assert done.returncode == 0, done.stderr
    assert min(map(float, re.findall(r"validation accuracy ([\d.]+)%", done.stdout))) > 80
    for options, words in (
        (("--training.flip",), "training.flip is for images, and vectors.npz holds vectors"),
        (("--exciting-images.count", "3"), "exciting_images.count is for images"),
        (("--model.name", "vgg11"), "the package's networks are for images"),
    ):
        done = jaxrepsim("extract", "vectors.py", "--out", "other", *options)
        assert done.returncode == 2
        assert words in done.stderr
        assert not (place / "other").exists()
