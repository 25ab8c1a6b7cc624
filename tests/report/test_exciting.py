"""Images that excite matched units: they stand where they should, and are marked where they should be."""

import numpy as np
import pytest
from xarray import DataTree

from jaxrepsim.report.sections.exciting_images import SECTION, mosaic
from tests.report.conftest import make_results
from tests.report.groups import add_alignments
from tests.report.test_figures import assert_legible

(DRAWING,) = SECTION.figures


@pytest.fixture
def results() -> DataTree:
    """Ten layers, three pairs, images of 8 by 8 pixels."""
    return add_alignments(make_results(samples=0, redraws=1), np.random.default_rng(3))


def test_images_stand_where_their_units_do(results: DataTree) -> None:
    picture, rings = mosaic(results, 2, [0, 2])
    assert picture.shape == (17, 4 * 9 + 8 + 13 + 4 * 9 + 8, 4)
    pixels = dict(
        zip(
            results["exciting_images/image"].values.tolist(),
            results["exciting_images/pixels"].values[..., 0] / 255,
            strict=True,
        )
    )
    expected = []
    for row, partners in enumerate((0, 2)):
        for side, start in (("x", 0), ("y", 57)):
            for rank in range(5):
                at = (2, 0, partners, rank)
                left, top = start + 9 * rank, 9 * row
                tile = picture[top : top + 8, left : left + 8]
                np.testing.assert_allclose(
                    tile[..., 1], pixels[int(results[f"exciting_images/image_{side}"].values[at])]
                )
                assert (tile[..., 3] == 1).all()
                place = [float(results[f"exciting_images/{name}_{side}"].values[at]) for name in ("column", "row")]
                expected.append([left + 8 * place[0] - 0.5, top + 8 * place[1] - 0.5])
    np.testing.assert_allclose(rings, expected)
    assert picture[..., 3].sum() == 20 * 64
    assert not picture[8].any()
    assert len(mosaic(results, 9, [0])[1]) == 0


def test_an_image_that_is_not_there_is_left_blank(results: DataTree) -> None:
    results["exciting_images/image_y"][2, 0, 0, 1] = 1000
    assert mosaic(results, 2, [0])[0][..., 3].sum() == 9 * 64


def test_units_and_their_correlation_are_written(results: DataTree) -> None:
    axes = DRAWING.figure(results).axes[0]
    units = [results[f"exciting_images/unit_{side}"].values[0, 0] for side in "xy"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [str(unit) for unit in units[0]]
    written = [text.get_text() for text in axes.texts]
    how = results["exciting_images/correlation"].values[0, 0]
    assert written == [word for at in range(3) for word in (f"{how[at]:.2f}", str(units[1][at]))]
    assert "6 of 10 layers are shown" in DRAWING.caption(results)
    assert "A ring marks" in DRAWING.caption(results)
    for side in "xy":
        results[f"exciting_images/row_{side}"][:] = np.nan
    assert "A ring marks" not in DRAWING.caption(results)


def test_large_images_in_colour_are_made_smaller(results: DataTree) -> None:
    values = np.random.default_rng(0).integers(0, 256, (40, 70, 48, 3)).astype(np.uint8)
    small = results["exciting_images"].to_dataset(inherit=False).drop_dims(["pixel_row", "pixel_column", "channel"])
    pixels = (("image", "pixel_row", "pixel_column", "channel"), values)
    results["exciting_images"] = DataTree(small.assign(pixels=pixels))
    picture, _ = mosaic(results, 0, [0])
    first = int(
        np.flatnonzero(results["exciting_images/image"].values == int(results["exciting_images/image_x"][0, 0, 0, 0]))[
            0
        ]
    )
    assert picture.shape[0] == 23
    np.testing.assert_allclose(picture[4, 5, :3], values[first, 12:15, 15:18].mean((0, 1)) / 255)
    assert_legible(DRAWING.figure(results))
