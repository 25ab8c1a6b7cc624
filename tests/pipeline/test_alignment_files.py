"""The alignments of activation files that no run of this package would write."""

from collections import OrderedDict

import numpy as np
import pytest

from jaxrepsim import report
from jaxrepsim.activations import ActivationFile
from jaxrepsim.pipeline import AnalysisConfig, MatchingConfig
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.matches import match_files
from jaxrepsim.pipeline.parts import Clusters, MinimalMatches, MutualInformation, SparsePrediction
from jaxrepsim.pipeline.parts.exciting_images import _small
from jaxrepsim.pipeline.passes.sources import Files
from jaxrepsim.pipeline.progress import silent
from tests.pipeline.conftest import blank_figures

WIDTHS = {"narrow": 3, "wide": 5, "single": 1}


def test_networks_of_different_widths(tmp_path):
    """The widest network may be the first, the second or neither of a pair; and more clusters than units."""
    rng = np.random.default_rng(0)
    signals = rng.normal(size=(60, 3))
    raw = {name: np.maximum(signals @ rng.normal(size=(3, n)), 0) + 0.1 for name, n in WIDTHS.items()}
    for name, rows in raw.items():
        np.savez(tmp_path / f"{name}.npz", fc=rows.astype(np.float32))
    config = AnalysisConfig(
        matching=MatchingConfig(epsilons=(0.5,)),
        minimal_matches=MinimalMatches(units=0),
        mutual_information=MutualInformation(bins=3),
        sparse_prediction=SparsePrediction(penalties=(0.01,)),
        clusters=Clusters(count=300),
    )
    folder, paths = RunFolder(tmp_path / "out"), [tmp_path / f"{name}.npz" for name in WIDTHS]
    results = match_files(paths, config, folder, silent, print)
    found = {
        name: results[name].to_dataset().sel(layer="fc")
        for name in ("one_to_one", "mutual_information", "sparse_prediction", "clusters")
    }
    for name, rows in raw.items():
        here = found["one_to_one"].sel(network=name)
        np.testing.assert_allclose(here.unit_mean, np.pad(rows.mean(0), (0, 5 - rows.shape[1]), constant_values=np.nan))
        assert np.isfinite(here.correlation_within).sum() == rows.shape[1] ** 2
    for pair in results["pair"].values:
        here, information, predicted, clusters = (group.sel(pair=pair) for group in found.values())
        x, y = (raw[name] for name in pair.split("-"))
        n_x, n_y = x.shape[1], y.shape[1]
        wanted = np.corrcoef(x.T, y.T)[:n_x, n_x:]
        np.testing.assert_allclose(here.correlation[:n_x, :n_y], wanted, atol=1e-6)
        assert np.isfinite(here.correlation).sum() == np.isfinite(information.mutual_information).sum() == n_x * n_y
        np.testing.assert_array_equal(here.best_x, np.pad(wanted.argmax(1), (0, 5 - n_x), constant_values=-1))
        np.testing.assert_array_equal(here.best_y, np.pad(wanted.argmax(0), (0, 5 - n_y), constant_values=-1))
        assert (here.partner >= 0).sum() == min(n_x, n_y)
        assert np.isfinite(predicted.held_out_r2_x).sum() == n_x
        joint = np.concatenate([clusters.leaf_x[:n_x], clusters.leaf_y[:n_y]])
        np.testing.assert_array_equal(np.sort(joint), np.arange(n_x + n_y))
    with blank_figures():
        report.build(results, tmp_path / "report.html")
    assert "one to one" in (tmp_path / "report.html").read_text(encoding="utf-8").lower()


def test_what_an_image_is_does_not_depend_on_layers_that_are_not_raw():
    """Sixteen draws are not sixteen images, nor are the 24 rows of a compressed layer 24."""
    layers = OrderedDict(
        drawn=np.zeros((16, 40, 2)), compressed=np.zeros((24, 2)), map=np.zeros((960, 2)), dense=np.zeros((240, 2))
    )
    samples = {"drawn": 40, "compressed": 960, "map": 960, "dense": 240}
    source = Files({"a": ActivationFile(layers, samples, {})}, batch_size=50)
    assert [source.images(layer) for layer in ("map", "dense")] == [240, 240]
    (first, *_), *_ = (batch.layers["map"] for batch in source.batches(["map"]))
    assert first.shape == (50, 4, 2)


@pytest.mark.parametrize(
    ("shape", "wanted"), [((8, 8), (8, 8)), ((65, 130), (21, 43)), ((640, 3), (64, 1)), ((1, 200), (1, 50))]
)
def test_images_in_results_are_small_and_never_empty(shape, wanted):
    images = np.random.default_rng(0).integers(0, 256, size=(2, *shape, 3), dtype=np.uint8)
    small = _small(images)
    assert small.shape == (2, *wanted, 3)
    assert abs(small.mean() - images.mean()) < 8
    np.testing.assert_allclose(_small((images / 255).astype(np.float32)).astype(int), small.astype(int), atol=1)
    assert _small(images[:0]).shape == (0, *wanted, 3)
    assert (_small(np.full_like(images, 200)) == 200).all()
