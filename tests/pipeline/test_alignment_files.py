"""The alignments of activation files that no run of this package would write."""

from collections import OrderedDict

import numpy as np
import pytest

from jaxrepsim import report
from jaxrepsim.activations import ActivationFile
from jaxrepsim.pipeline import ConvergentConfig, MatchingConfig, TheoryConfig
from jaxrepsim.pipeline.convergent import Files
from jaxrepsim.pipeline.convergent.shown import _small
from jaxrepsim.pipeline.files import match_files
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.progress import silent

WIDTHS = {"narrow": 3, "wide": 5, "single": 1}


def test_networks_of_different_widths(tmp_path):
    """The widest network may be the first, the second or neither of a pair; and more clusters than units."""
    rng = np.random.default_rng(0)
    signals = rng.normal(size=(60, 3))
    raw = {name: np.maximum(signals @ rng.normal(size=(3, n)), 0) + 0.1 for name, n in WIDTHS.items()}
    for name, rows in raw.items():
        np.savez(tmp_path / f"{name}.npz", fc=rows.astype(np.float32))
    asked = ConvergentConfig(bins=3, penalties=(0.01,), clusters=300)
    told: list[str] = []
    folder, paths = RunFolder(tmp_path / "out"), [tmp_path / f"{name}.npz" for name in WIDTHS]
    matching = MatchingConfig(epsilons=(0.5,), minimal_units=0)
    results = match_files(paths, matching, TheoryConfig(), asked, folder, silent, told.append)
    found = results.sel(layer="fc")
    for name, rows in raw.items():
        here = found.sel(network=name)
        np.testing.assert_allclose(here.unit_mean, np.pad(rows.mean(0), (0, 5 - rows.shape[1]), constant_values=np.nan))
        assert np.isfinite(here.correlation_within).sum() == rows.shape[1] ** 2
    for pair in found.pair.values:
        here = found.sel(pair=pair)
        x, y = (raw[name] for name in pair.split("-"))
        n_x, n_y = x.shape[1], y.shape[1]
        wanted = np.corrcoef(x.T, y.T)[:n_x, n_x:]
        np.testing.assert_allclose(here.correlation[:n_x, :n_y], wanted, atol=1e-6)
        assert np.isfinite(here.correlation).sum() == np.isfinite(here.mutual_information).sum() == n_x * n_y
        np.testing.assert_array_equal(here.best_x, np.pad(wanted.argmax(1), (0, 5 - n_x), constant_values=-1))
        np.testing.assert_array_equal(here.best_y, np.pad(wanted.argmax(0), (0, 5 - n_y), constant_values=-1))
        assert (here.partner >= 0).sum() == min(n_x, n_y)
        assert np.isfinite(here.held_out_r2_x).sum() == n_x
        joint = np.concatenate([here.leaf_x[:n_x], here.leaf_y[:n_y]])
        np.testing.assert_array_equal(np.sort(joint), np.arange(n_x + n_y))
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
def test_images_that_are_shown_are_small_and_never_empty(shape, wanted):
    images = np.random.default_rng(0).integers(0, 256, size=(2, *shape, 3), dtype=np.uint8)
    small = _small(images)
    assert small.shape == (2, *wanted, 3)
    assert abs(small.mean() - images.mean()) < 8
    np.testing.assert_allclose(_small((images / 255).astype(np.float32)).astype(int), small.astype(int), atol=1)
    assert _small(images[:0]).shape == (0, *wanted, 3)
    assert (_small(np.full_like(images, 200)) == 200).all()
