"""The README's main job at full size, against the paper's algorithms by least squares: `pytest -m long -n 0`."""

import jax
import numpy as np
import pytest
import xarray as xr

from jaxrepsim import activations, minimal_match, training
from jaxrepsim.pipeline.config_file import load_config
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.run import Run
from tests import reference
from tests.pipeline.conftest import SMOKE, jaxrepsim, raw_activations

CONFIG = SMOKE.parent / "digits_vgg.py"
MARGIN = 1e-7  # nearer to ε than this, rounding may decide

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("main") / "run"
    done = jaxrepsim("run", CONFIG, "--out", path)
    assert done.returncode == 0, done.stdout + done.stderr
    return RunFolder(path)


@pytest.fixture(scope="module")
def results(folder):
    return xr.load_datatree(folder.results, engine="h5netcdf")


@pytest.fixture(scope="module")
def raw(folder):
    """Every layer of every network, not compressed, in float64."""
    run = Run(load_config(CONFIG), folder)
    networks = training.train_networks(run.model, run.dataset, run.config.training, folder.checkpoints)
    return {
        str(net.seed): {layer: values.astype(np.float64) for layer, values in raw_activations(run, net).items()}
        for net in networks
    }


def reduced(x, y):
    """NumPy's own QR of both: least squares on thousands of rows fewer."""
    triangle = np.linalg.qr(np.concatenate([x, y], axis=1), mode="r")
    return triangle[:, : x.shape[1]], triangle[:, x.shape[1] :]


def test_every_network_is_good(results):
    assert (results["networks/accuracy"] >= 0.97).all()


def test_the_table_agrees_with_least_squares_on_every_layer_epsilon_and_pair(results, raw):
    compared = 0
    for pair in map(str, results["pair"].values):
        a, b = pair.split("-")
        for layer in map(str, results["layer"].values):
            x, y = reduced(raw[a][layer], raw[b][layer])
            for epsilon in results["epsilon"].values:
                seen = reference.Seen(epsilon)
                matched = reference.maximum_match_lstsq(x, y, epsilon, seen=seen)
                assert seen.margin > MARGIN
                here = results["similarity"].to_dataset().sel(layer=layer, pair=pair, epsilon=epsilon, redraw=0)
                sizes = (matched[: x.shape[1]].sum(), matched[x.shape[1] :].sum())
                assert (int(here.matched_x), int(here.matched_y)) == sizes, (layer, pair, epsilon)
                compared += 1
    assert compared == 11 * 3 * 5


def test_minimal_matches_at_128_units_a_side_are_the_oracles_sets(folder, results):
    networks = [activations.load(folder.activations(seed)).layers for seed in (0, 1)]
    config = load_config(CONFIG).matching
    compared = 0
    with jax.enable_x64(True):
        search = jax.jit(minimal_match)
        for layer in map(str, results["layer"].values):
            if int(results["similarity/units"].sel(layer=layer)) != 128:
                continue
            x, y = reduced(*(net[layer] for net in networks))
            key = jax.random.fold_in(activations.layer_key(config.seed, layer), 0)
            for epsilon in results["epsilon"].values:
                here = results["minimal_matches"].to_dataset().sel(layer=layer, pair="0-1", epsilon=epsilon)
                for unit, size in zip(here.sampled_unit.values, (here.size_x + here.size_y).values, strict=True):
                    order = np.asarray(jax.random.permutation(jax.random.fold_in(key, unit), 256))
                    seen = reference.Seen(epsilon)
                    expected = reference.minimal_match_lstsq(x, y, epsilon, int(unit), order=order, seen=seen)
                    if seen.margin < MARGIN:
                        continue
                    found = search(x, y, epsilon, int(unit), order)
                    np.testing.assert_array_equal(np.concatenate([found.x, found.y]), expected)
                    assert size == expected.sum()
                    compared += int(size > 0)
    assert compared >= 20
