import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxrepsim.training.augment import augment, normalise, random_crop, random_flip


def test_normalise_takes_bytes_and_shares_alike():
    pixels = np.arange(2 * 3 * 3 * 2, dtype=np.uint8).reshape(2, 3, 3, 2) * 7
    expected = (pixels / 255 - np.array([0.2, 0.4])) / np.array([0.5, 0.25])
    for images in (pixels, (pixels / 255).astype(np.float32)):
        result = normalise(jnp.asarray(images), (0.2, 0.4), (0.5, 0.25))
        assert result.dtype == jnp.float32
        np.testing.assert_allclose(result, expected, atol=1e-6)


def test_normalise_leaves_an_empty_channel_finite():
    assert not normalise(jnp.zeros((1, 2, 2, 1), jnp.uint8), (0.0,), (0.0,)).any()


def test_crops_are_windows_and_all_equally_likely():
    image = np.arange(1, 13, dtype=np.uint8).reshape(1, 4, 3, 1)
    padded = np.pad(image[0, :, :, 0], 1)
    windows = {padded[i : i + 4, j : j + 3].tobytes(): (i, j) for i in range(3) for j in range(3)}
    crops = np.asarray(random_crop(jnp.asarray(np.repeat(image, 1800, axis=0)), jax.random.key(0), 1))
    assert crops.dtype == np.uint8
    places = [windows[crop[:, :, 0].tobytes()] for crop in crops]
    counts = np.array([places.count((i, j)) for i in range(3) for j in range(3)])
    assert abs(counts - 200).max() < 5 * np.sqrt(200)


def test_half_of_the_images_are_mirrored():
    image = np.arange(6, dtype=np.float32).reshape(1, 2, 3, 1)
    result = np.asarray(random_flip(jnp.asarray(np.repeat(image, 1000, axis=0)), jax.random.key(0)))
    mirrored = (result == image[:, :, ::-1]).all((1, 2, 3))
    assert ((result == image).all((1, 2, 3)) ^ mirrored).all()
    assert abs(mirrored.sum() - 500) < 80


def test_off_means_unchanged():
    images = jax.random.normal(jax.random.key(1), (3, 4, 4, 1))
    np.testing.assert_array_equal(augment(images, jax.random.key(0), 0, False), images)


@pytest.mark.parametrize("draw", [lambda x, key: random_crop(x, key, 2), random_flip])
def test_draws_do_not_depend_on_x64(draw):
    images = np.random.default_rng(0).random((50, 4, 4, 1), np.float32)
    plain = np.asarray(draw(jnp.asarray(images), jax.random.key(3)))
    with jax.enable_x64(True):
        np.testing.assert_array_equal(draw(jnp.asarray(images), jax.random.key(3)), plain)
