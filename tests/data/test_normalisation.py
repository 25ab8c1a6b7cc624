import numpy as np
import pytest

from jaxrepsim.data.normalisation import PUBLISHED, channel_statistics


@pytest.mark.parametrize("count", [1, 5, 5000])
def test_against_numpy(count):
    images = np.random.default_rng(count).integers(0, 256, (count, 2, 3, 3), dtype=np.uint8)
    mean, std = channel_statistics(images)
    np.testing.assert_allclose(mean, (images / 255).mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(std, (images / 255).std(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(channel_statistics((images / 255).astype(np.float32)), (mean, std), rtol=1e-5)


def test_constant_channel():
    mean, std = channel_statistics(np.full((3, 2, 2, 1), 51, np.uint8))
    assert mean == pytest.approx((0.2,))
    assert std == (1.0,)


def test_published_figures():
    assert PUBLISHED["cifar10"] == ((0.4914, 0.4822, 0.4465), (0.247, 0.243, 0.261))
