"""Images that excite matched units: they stand where they should, and are marked where they should be."""

import numpy as np
import pytest
from xarray import Dataset

from jaxrepsim.report import exciting_images
from jaxrepsim.report.exciting import caption, mosaic
from tests.report.conftest import make_results
from tests.report.groups import add_alignments
from tests.report.test_figures import assert_legible


@pytest.fixture
def results() -> Dataset:
    """Ten layers, three pairs, images of 8 by 8 pixels."""
    return add_alignments(make_results(samples=0, redraws=1), np.random.default_rng(3))


def test_images_stand_where_their_units_do(results: Dataset) -> None:
    picture, rings = mosaic(results, 2, [0, 2])
    assert picture.shape == (17, 4 * 9 + 8 + 13 + 4 * 9 + 8, 4)
    pixels = dict(zip(results["image"].values.tolist(), results["pixels"].values[..., 0] / 255, strict=True))
    expected = []
    for row, shown in enumerate((0, 2)):
        for side, start in (("x", 0), ("y", 57)):
            for rank in range(5):
                at = (2, 0, shown, rank)
                left, top = start + 9 * rank, 9 * row
                tile = picture[top : top + 8, left : left + 8]
                np.testing.assert_allclose(tile[..., 1], pixels[int(results[f"exciting_{side}"].values[at])])
                assert (tile[..., 3] == 1).all()
                place = [float(results[f"{name}_{side}"].values[at]) for name in ("column", "row")]
                expected.append([left + 8 * place[0] - 0.5, top + 8 * place[1] - 0.5])
    np.testing.assert_allclose(rings, expected)
    assert picture[..., 3].sum() == 20 * 64
    assert not picture[8].any()
    assert len(mosaic(results, 9, [0])[1]) == 0


def test_an_image_that_is_not_there_is_left_blank(results: Dataset) -> None:
    results["exciting_y"][2, 0, 0, 1] = 1000
    assert mosaic(results, 2, [0])[0][..., 3].sum() == 9 * 64


def test_units_and_their_correlation_are_written(results: Dataset) -> None:
    axes = exciting_images(results).axes[0]
    shown = [results[f"shown_{side}"].values[0, 0] for side in "xy"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [str(unit) for unit in shown[0]]
    written = [text.get_text() for text in axes.texts]
    how = results["shown_correlation"].values[0, 0]
    assert written == [word for at in range(3) for word in (f"{how[at]:.2f}", str(shown[1][at]))]
    assert "6 of 10 layers are shown" in caption(results)
    assert "A ring marks" in caption(results)
    for name in ("row_x", "row_y"):
        results[name][:] = np.nan
    assert "A ring marks" not in caption(results)


def test_large_images_in_colour_are_made_smaller(results: Dataset) -> None:
    values = np.random.default_rng(0).integers(0, 256, (40, 70, 48, 3)).astype(np.uint8)
    large = results.drop_vars("pixels").assign(pixels=(("image", "pixel_row", "pixel_column", "channel"), values))
    picture, _ = mosaic(large, 0, [0])
    first = int(np.flatnonzero(large["image"].values == int(large["exciting_x"][0, 0, 0, 0]))[0])
    assert picture.shape[0] == 23
    np.testing.assert_allclose(picture[4, 5, :3], values[first, 12:15, 15:18].mean((0, 1)) / 255)
    assert_legible(exciting_images(large))
