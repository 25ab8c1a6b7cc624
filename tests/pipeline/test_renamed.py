"""Layers called otherwise, so that those of different frameworks pair."""

import csv
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from jaxrepsim.activations import ActivationFile
from jaxrepsim.cli import main
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline.renamed import renamed
from tests.pipeline.test_cli import said

PLACES = {"a": Path("some/a.npz"), "b": Path("b.h5")}


def networks():
    layers = {"a": ["c1", "c2", "x:0"], "b": ["c1", "fc"]}
    return {
        name: ActivationFile(
            OrderedDict((layer, np.full((3, 2), index)) for index, layer in enumerate(each)),
            {layer: 10 + index for index, layer in enumerate(each)},
            {},
        )
        for name, each in layers.items()
    }


@pytest.mark.parametrize(
    ("asked", "a", "b"),
    [
        ([], ["c1", "c2", "x:0"], ["c1", "fc"]),
        (["c1=conv"], ["conv", "c2", "x:0"], ["conv", "fc"]),
        (["b:c1=conv"], ["c1", "c2", "x:0"], ["conv", "fc"]),
        (["b.h5:c1=conv", "some/a.npz:c2=fc"], ["c1", "fc", "x:0"], ["conv", "fc"]),
        (["x:0=x", "fc=c2"], ["c1", "c2", "x"], ["c1", "c2"]),
        (["c1=c2", "a:c2=c1"], ["c2", "c1", "x:0"], ["c2", "fc"]),
    ],
)
def test_layers_are_renamed(asked, a, b):
    found = renamed(networks(), PLACES, asked)
    assert {name: list(file.layers) for name, file in found.items()} == {"a": a, "b": b}
    for file in found.values():
        for index, layer in enumerate(file.layers):  # each with its own numbers, in the same order
            assert (file.layers[layer] == index).all()
            assert file.samples[layer] == 10 + index


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ("c1", "--rename takes OLD=NEW, or FILE:OLD=NEW; received 'c1'"),
        ("=c1", "--rename takes OLD=NEW"),
        ("c9=c1", "unknown layer of a and b 'c9'; did you mean 'c2'? Known: c1, c2, x:0, fc"),
        ("b:c2=c1", "unknown layer of b 'c2'; did you mean 'c1'? Known: c1, fc"),
        ("fc=c1", "--rename would give two layers of b the name 'c1'"),
    ],
)
def test_what_cannot_be_renamed(asked, message):
    with pytest.raises(InputError) as caught:
        renamed(networks(), PLACES, [asked])
    assert str(caught.value).startswith(message)


def test_files_of_other_formats_and_names_on_the_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = np.random.default_rng(0).normal(size=(40, 3))
    np.savez("flax.npz", conv1=rows, fc=rows[:, :2])
    Path("torch").mkdir()
    np.save("torch/features.0.npy", 2 * rows)
    np.save("torch/head.npy", rows[:, 1:])
    command = ["compare", "flax.npz", "torch", "--minimal-matches.units", "0", "--matching.epsilons", "0.5"]
    assert main(command) == 2
    error = said(capsys)
    assert "flax: conv1, fc torch: features.0, head Call those alike" in error
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["torch"]
    assert main([*command, "--rename", "torch:features.0=conv1,head=fc", "--quiet"]) == 0
    assert capsys.readouterr().out == "runs/flax_and_torch/report.html\n"
    with Path("runs/flax_and_torch/results/similarity.csv").open(newline="") as file:
        assert [row["layer"] for row in csv.DictReader(file)] == ["conv1", "fc"]
    assert main([*command, "--rename", "features.0=conv1", "head=fc", "--json"]) == 2
    assert "renames" in said(capsys)
