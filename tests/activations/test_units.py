import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from jaxrepsim.activations import as_units, check_finite
from jaxrepsim.errors import InputError


@given(arrays.arrays(np.float32, arrays.array_shapes(min_dims=2, max_dims=4), elements=st.floats(-1, 1, width=32)))
def test_a_column_is_a_unit(activations):
    units = as_units(activations)
    assert units.shape == (activations.size // activations.shape[-1], activations.shape[-1])
    for unit in range(activations.shape[-1]):
        np.testing.assert_array_equal(units[:, unit], activations[..., unit].ravel())


def test_under_jit():
    maps = jnp.arange(24.0).reshape(2, 2, 2, 3)
    np.testing.assert_array_equal(jax.jit(as_units)(maps), as_units(np.asarray(maps)))


@pytest.mark.parametrize("shape", [(), (3,), (1, 2, 3, 4, 5, 6)])
def test_other_ranks(shape):
    with pytest.raises(InputError, match="layer 'conv1' has activations of shape"):
        as_units(np.zeros(shape), "conv1")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_check_finite_names_layer_and_unit(value):
    activations = np.ones((6, 4), np.float32)
    activations[[2, 5], 1] = value
    activations[0, 3] = np.nan
    words = rf"layer 'conv1', unit 1: 2 of 6 .* the first \({value}\) at sample 2; 1 other"
    with pytest.raises(InputError, match=words):
        check_finite("conv1", activations)


def test_check_finite_passes():
    check_finite("conv1", np.full((3, 2), np.finfo(np.float32).max, np.float32))
    check_finite("conv1", np.zeros((0, 2), np.float32))
    with pytest.raises(InputError, match=r"unit 2: 1 of 6 .* at sample 4"):
        check_finite("conv1", np.where(np.arange(18).reshape(2, 3, 3) == 14, np.nan, 0))


@pytest.mark.parametrize("as_array", [np.asarray, jnp.asarray])
def test_layouts(as_array):
    maps = np.arange(24.0, dtype=np.float32).reshape(2, 3, 2, 2)
    found = as_units(as_array(maps), layout="NCHW")
    assert isinstance(found, type(as_array(maps)))
    np.testing.assert_array_equal(found, maps.transpose(0, 2, 3, 1).reshape(8, 3))
    with pytest.raises(InputError, match="no layout 'NWHC'; there are NC, NLC"):
        as_units(as_array(maps), layout="NWHC")
