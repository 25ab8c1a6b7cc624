"""Convergent Learning on the digits at full size, against scikit-learn.

pytest -m long -n 0 tests/test_convergent_job.py
"""

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import Lasso
from sklearn.metrics import r2_score

from jaxrepsim import training
from jaxrepsim.pipeline.config_file import load_config
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.run import Run
from tests.pipeline.conftest import SMOKE, jaxrepsim
from tests.pipeline.test_alignments import correlations, rows, split

CONFIG = SMOKE.parent / "digits_convergent.py"

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("convergent") / "run"
    done = jaxrepsim("run", CONFIG, "--out", path)
    assert done.returncode == 0, done.stdout + done.stderr
    return RunFolder(path)


@pytest.fixture(scope="module")
def results(folder):
    return xr.load_datatree(folder.results, engine="h5netcdf")


@pytest.fixture(scope="module")
def raw(folder):
    """[layer][network]: (images, ..., units)."""
    run = Run(load_config(CONFIG), folder)
    networks = training.train_networks(run.model, run.dataset, run.config.training, folder.checkpoints)
    images = training.normalise(jnp.asarray(run.dataset.validation.images), run.dataset.mean, run.dataset.std)
    found = [run.model.apply(network.variables, images, train=False)[1] for network in networks]
    return {layer: [np.asarray(one[layer], np.float64) for one in found] for layer in found[0]}


def mean_correlation(results, layer):
    aligned = results["one_to_one"].to_dataset().sel(layer=layer)
    partner = aligned.partner.values
    values = [
        here[np.flatnonzero(of >= 0), of[of >= 0]] for here, of in zip(aligned.correlation.values, partner, strict=True)
    ]
    return np.mean(values)


def test_what_the_config_expects(results):
    assert 0.45 < mean_correlation(results, "conv1") < 0.65
    for layer in ("conv2", "conv3", "conv4"):
        assert 0.25 < mean_correlation(results, layer) < 0.45
    assert 0.5 < mean_correlation(results, "conv8") < 0.7
    predicted = results["sparse_prediction"].to_dataset()
    best = np.maximum(predicted.held_out_r2_x.mean(("pair", "unit")), predicted.held_out_r2_y.mean(("pair", "unit")))
    best = best.max("penalty")
    assert 0.4 < float(best.sel(layer="conv4")) < 0.6
    assert float(best.sel(layer="conv8")) > 0.9


def test_correlations(results, raw):
    for layer, networks in raw.items():
        n = networks[0].shape[-1]
        found = results["one_to_one/correlation"].sel(layer=layer, pair="0-2").values[:n, :n]
        np.testing.assert_allclose(found, correlations(rows(networks[0]), rows(networks[2]))[:n, n:], atol=1e-4)


@pytest.mark.parametrize("layer", ["conv1", "conv5", "conv8", "fc2"])
def test_sparse_prediction_is_scikit_learns(results, raw, layer):
    """Not of the logits, whose correlations of 0.97 scikit-learn's descent does not come to an end with."""
    fitted, held_out = split(len(raw[layer][0]))
    inside, outside = ([rows(maps[chosen]) for maps in raw[layer][:2]] for chosen in (fitted, held_out))
    scale = [(z.mean(0), np.where(z.std(0) > 0, z.std(0), 1)) for z in inside]
    x, y = ((z - mean) / std for z, (mean, std) in zip(inside, scale, strict=True))
    x_out, y_out = ((z - mean) / std for z, (mean, std) in zip(outside, scale, strict=True))
    units = np.flatnonzero((np.ptp(y, axis=0) > 0) & (np.ptp(y_out, axis=0) > 0))[:3]
    for penalty in (0.2, 0.03, 0.001):
        here = results["sparse_prediction"].to_dataset().sel(layer=layer, pair="0-1", penalty=penalty)
        for unit in units:
            lasso = Lasso(alpha=penalty, tol=1e-10, max_iter=200_000, precompute=True).fit(x, y[:, unit])
            assert float(here.fitted_r2_y[unit]) == pytest.approx(r2_score(y[:, unit], lasso.predict(x)), abs=1e-4)
            expected = r2_score(y_out[:, unit], lasso.predict(x_out))
            assert float(here.held_out_r2_y[unit]) == pytest.approx(expected, abs=1e-3)
