import numpy as np
import pytest
from PIL import Image

from jaxrepsim.data.crops import centre_crop, random_resized_crop, window

from .photographs import photograph


def _torchvision(image: Image.Image, shorter: int, size: int) -> np.ndarray:
    """`Resize(shorter)`, then `CenterCrop(size)`, step by step."""
    width, height = image.size
    if width < height:
        width, height = shorter, int(shorter * height / width)
    else:
        width, height = int(shorter * width / height), shorter
    image = image.resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((width - size) / 2.0), round((height - size) / 2.0)
    return np.asarray(image.crop((left, top, left + size, top + size)))


@pytest.mark.parametrize(("size", "shorter"), [(224, 256), (160, 183), (12, 14), (1, 1)])
def test_centre_crop_is_torchvisions(size, shorter):
    random = np.random.default_rng(size)
    images = [photograph(random) for _ in range(8)]
    images.append(Image.fromarray(random.integers(0, 256, (500, 375, 3), dtype=np.uint8)))
    images.append(Image.fromarray(random.integers(0, 256, (7, 300), dtype=np.uint8)))  # grey, and far from square
    for image in images:
        ours = np.asarray(centre_crop(image, size))
        assert ours.shape[:2] == (size, size)
        # Pillow rounds to whole numbers after each of the two directions.
        assert np.abs(ours.astype(int) - _torchvision(image, shorter, size)).max() <= 1


def test_random_crop_shows_its_window():
    """On an image whose pixels tell where they are."""
    across, down = np.meshgrid(np.arange(200), np.arange(150))
    image = Image.fromarray(np.stack([across, down, 0 * down], axis=-1).astype(np.uint8))
    for seed in range(20):
        left, top, right, bottom = window(200, 150, np.random.default_rng(seed).random((10, 4)))
        crop = np.asarray(random_resized_crop(image, 16, np.random.default_rng(seed))).astype(float)
        np.testing.assert_allclose(crop.mean(axis=(0, 1)), ((left + right - 1) / 2, (top + bottom - 1) / 2, 0), atol=1)
        step = (crop[:, -4, 0] - crop[:, 3, 0]) / 9  # bilinear: a ramp stays one, but at its ends
        np.testing.assert_allclose(step, (right - left) / 16, atol=0.25)


def test_random_windows_are_spread_as_said():
    width, height = 3000, 2000
    boxes = np.array([window(width, height, draws) for draws in np.random.default_rng(0).random((20_000, 10, 4))])
    left, top, right, bottom = boxes.T
    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (right <= width).all()
    assert (bottom <= height).all()
    area = (right - left) * (bottom - top) / (width * height)
    aspect = np.log((right - left) / (bottom - top))
    assert area.min() == pytest.approx(0.08, abs=1e-3)
    assert np.abs(aspect).max() == pytest.approx(np.log(4 / 3), abs=2e-3)
    fits = area < 0.5  # of these no shape reaches outside, so none was drawn again
    deciles = np.quantile(area[fits], np.linspace(0, 1, 11))
    np.testing.assert_allclose(deciles, np.linspace(0.08, 0.5, 11), atol=0.01)
    deciles = np.quantile(aspect[fits], np.linspace(0, 1, 11))
    np.testing.assert_allclose(deciles, np.log(4 / 3) * np.linspace(-1, 1, 11), atol=0.015)
    for start, free in ((left, width - (right - left)), (top, height + 0.5 - (bottom - top))):
        np.testing.assert_allclose(
            np.quantile((start / free)[fits], np.linspace(0, 1, 11)), np.linspace(0, 1, 11), atol=0.02
        )


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1000, 10), (493, 0, 506, 10)), ((10, 1000), (0, 493, 10, 506)), ((1, 1), (0, 0, 1, 1))],
)
def test_where_no_window_fits(size, expected):
    """The middle, at the nearest shape that is allowed."""
    assert window(*size, np.full((10, 4), 0.999)) == expected
