"""Activation files that do not correspond are refused with the reason; those that do are compared."""

import numpy as np
import pytest

from jaxrepsim.activations import ActivationFile, fingerprint, load, save
from jaxrepsim.cli import main
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import AnalysisConfig, MatchingConfig
from jaxrepsim.pipeline.correspondence import check_corresponding, common_layers
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.matches import match_files
from jaxrepsim.pipeline.parts import MinimalMatches
from jaxrepsim.pipeline.passes.extraction import Extracted, inputs_of
from jaxrepsim.pipeline.passes.sources import Files
from jaxrepsim.pipeline.progress import silent
from jaxrepsim.pipeline.results_files import read_netcdf
from tests.pipeline.test_cli import said

ROWS = np.random.default_rng(0).normal(size=(6, 3))


def written(path, samples=60, **options):
    save(path, {"fc": ROWS}, samples={"fc": samples}, **options)
    return path


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (
            {"basis": "first"},
            {"basis": "second"},
            r"a and b were compressed each in a basis of its own \(first, second\).*`jaxrepsim compare RUN RUN` does",
        ),
        ({"basis": "first"}, {"samples": 6}, "a is compressed and b is not.*save the raw activations of both"),
        ({"samples": 6}, {"basis": "first"}, "b is compressed and a is not"),
        ({}, {}, "a is compressed, and does not say by which compression"),
        ({"basis": "first"}, {}, "b is compressed, and does not say by which compression"),
        ({"samples": 6, "inputs": "x"}, {"samples": 6, "inputs": "y"}, r"a and b have seen other inputs.*\(x, y\)"),
        ({"basis": "one", "inputs": "x"}, {"basis": "one", "inputs": "y"}, "a and b have seen other inputs"),
    ],
)
def test_files_that_do_not_correspond(one, other, words, tmp_path):
    paths = [written(tmp_path / "a.safetensors", **one), written(tmp_path / "b.safetensors", **other)]
    folder = RunFolder(tmp_path / "no")
    with pytest.raises(InputError, match=words):
        match_files(paths, AnalysisConfig(), folder, silent, silent)
    assert not folder.path.exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"basis": "one", "inputs": "x"}, {"basis": "one", "inputs": "x"}),
        ({"samples": 6, "inputs": "x"}, {"samples": 6}),
        ({"samples": 6}, {"samples": 6}),
    ],
)
def test_files_that_correspond_as_far_as_they_say(one, other, tmp_path):
    paths = {name: written(tmp_path / f"{name}.safetensors", **each) for name, each in (("a", one), ("b", other))}
    check_corresponding({name: load(path) for name, path in paths.items()})


def test_every_two_files_are_looked_at():
    file = load_of({"fc": ROWS}, inputs="")
    with pytest.raises(InputError, match="b and c have seen other inputs"):
        check_corresponding({"a": file, "b": file._replace(inputs="x"), "c": file._replace(inputs="y")})


@pytest.mark.parametrize(
    ("a", "b", "layers", "words"),
    [
        (
            {"conv": np.ones((90, 3))},
            {"conv": np.ones((40, 3))},
            (),
            r"layer 'conv' has 90 samples in a and 40 in b; .* save the mean over all.*mean\(\(2, 3\)\) of NCHW",
        ),
        (
            {"x": ROWS, "fc": ROWS},
            {"y": ROWS, "fc": ROWS},
            (),
            r"b has no layer 'x', which a has.\n  a: x, fc\n  b: y, fc",
        ),
        (
            {"x": ROWS, "fc": ROWS},
            {"y": ROWS, "fc": ROWS},
            ("fc", "x"),
            r"\(--rename y=x, and so on\); or compare only those that both have \(--matching.layers fc\)",
        ),
        ({"fc": ROWS}, {"fc": ROWS}, ("fd",), "unknown layer of a 'fd'; did you mean 'fc'"),
    ],
)
def test_layers_that_do_not_correspond(a, b, layers, words):
    with pytest.raises(InputError, match=words):
        common_layers({"a": load_of(a), "b": load_of(b)}, MatchingConfig(layers=layers))


def load_of(layers, **options):
    return ActivationFile(layers, {name: array.shape[-2] for name, array in layers.items()}, {}, **options)


def test_an_extraction_says_its_basis_inputs_and_layouts(tmp_path):
    layers = {seed: {"conv": ROWS[None] * seed, "fc": ROWS * seed} for seed in (1, 2)}
    extracted = Extracted(layers, {}, {"conv": 90, "fc": 70}, "basis", "inputs")
    for seed in layers:
        extracted.save(tmp_path / f"{seed}.safetensors", seed, {"seed": seed})
    one, two = (load(tmp_path / f"{seed}.safetensors") for seed in layers)
    assert one.layers["conv"].shape == (1, 6, 3)
    assert (one.basis, one.inputs, one.samples) == ("basis", "inputs", {"conv": 90, "fc": 70})
    check_corresponding({"1": one, "2": two})


def test_what_an_extraction_saw_is_its_images_and_what_is_drawn_of_them():
    images, drawn = np.zeros((4, 2, 2, 1)), MatchingConfig(positions=3, redraws=2)
    assert inputs_of(images, drawn) == inputs_of(images.copy(), MatchingConfig(positions=3, redraws=2, epsilons=(0.1,)))
    others = [
        inputs_of(images, MatchingConfig()),
        inputs_of(images, MatchingConfig(positions=3)),
        inputs_of(images, MatchingConfig(positions=3, redraws=2, seed=1)),
        inputs_of(images + 1, drawn),
    ]
    assert len({inputs_of(images, drawn), *others}) == 5
    assert fingerprint("a", "b") != fingerprint("ab")


def test_a_basis_of_as_many_rows_as_samples_is_no_raw_layer():
    """Rotated rows are none of an input, also where there are as many of them as inputs."""
    source = Files({"a": load_of({"fc": ROWS}, basis="one")}, batch_size=4)
    with pytest.raises(InputError, match="layer 'fc' is compressed"):
        source.check(["fc"])


def test_channels_first_on_the_command_line(tmp_path, capsys):
    maps = np.random.default_rng(0).normal(size=(20, 2, 4, 4)).astype(np.float32)
    for name, array in (("a", maps), ("b", 2 * maps)):
        np.savez(tmp_path / f"{name}.npz", conv=array)
    out = tmp_path / "out"
    arguments = ["compare", *(str(tmp_path / f"{name}.npz") for name in "ab"), "--out", str(out)]
    asked = ["--matching.epsilons", "0.5", "--minimal-matches.units", "0"]
    assert main([*arguments, *asked]) == 2
    error = said(capsys)
    assert "layer 'conv' has shape (20, 2, 4, 4), and nothing states its layout: NHWC (inputs, height, width" in error
    assert "`--layout` on the command line" in error
    assert main([*arguments, *asked, "--layout", "NCHW"]) == 0
    with (out / "results" / "similarity.csv").open() as file:
        assert len(file.readlines()) == 2
    assert "320 samples" not in capsys.readouterr().out  # of 2 units, enough
    assert main([*arguments, *asked, "--layout", "NHWC"]) == 2
    assert "layouts: ['NCHW'] there, ['NHWC'] here" in said(capsys)


NAMES = ["界" * 100, "𝒳" * 90, "x" * 3000, "../../../outside", "<script>alert(1)</script>", "a\nb", ""]


def test_layer_names_longer_than_a_file_name_may_be_and_other_strange_ones(tmp_path):
    layers = {name: np.random.default_rng(0).normal(size=(30, 2)) for name in NAMES}
    for name in "ab":
        save(tmp_path / f"{name}.safetensors", layers)
    paths, out = [tmp_path / f"{name}.safetensors" for name in "ab"], tmp_path / "in" / "out"
    config = AnalysisConfig(matching=MatchingConfig(epsilons=(0.5,)), minimal_matches=MinimalMatches(units=0))
    found = match_files(paths, config, RunFolder(out), silent, print)
    assert list(found["layer"].values) == NAMES
    assert (found["similarity/similarity"] == 1).all()
    assert {path.name for path in tmp_path.iterdir()} == {"a.safetensors", "b.safetensors", "in"}
    assert {path.name for path in (tmp_path / "in").iterdir()} == {"out"}


@pytest.mark.parametrize("name", ["a\0b", "\0", "a\udcff"])
def test_names_that_no_table_can_hold(name):
    files = {"a": load_of({name: ROWS}), "b": load_of({name: ROWS})}
    with pytest.raises(InputError, match="has a NUL, or what is no Unicode text: rename it"):
        common_layers(files, MatchingConfig())
    with pytest.raises(InputError, match="has a NUL, or what is no Unicode text: rename it"):
        common_layers({"a": load_of({"fc": ROWS}), name: load_of({"fc": ROWS})}, MatchingConfig())


def test_a_file_whose_own_name_leaves_no_room_for_a_temporary_one(tmp_path):
    path = tmp_path / f"{'é' * 115}.safetensors"
    save(path, {"fc": ROWS})
    assert list(load(path).layers) == ["fc"]


def test_what_needs_rows_alone_is_computed_of_files(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 3))
    for name in "ab":
        np.savez(tmp_path / f"{name}.npz", first=rows @ rng.normal(size=(3, 3)), second=rng.normal(size=(60, 3)))
    out = tmp_path / "out"
    files = [str(tmp_path / "a.npz"), str(tmp_path / "b.npz")]
    assert main(["compare", *files, "--out", str(out), "--across-layers.on", "--chance.draws", "3"]) == 0
    results = read_netcdf(out / "results" / "results.nc")
    across = results["across_layers/similarity"].sel(epsilon=0.15).isel(pair=0)
    assert across.values.tolist() == [[1, 0], [0, 0]]
    assert results["chance/p_shuffled"].sel(layer="first", epsilon=0.15).item() == 0.25
    assert 'scope="col">untrained' not in (out / "report.html").read_text(encoding="utf-8")
