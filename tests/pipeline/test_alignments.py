"""The alignments of a tiny run: every part is what NumPy, SciPy and scikit-learn give on the raw activations."""

import dataclasses
import shutil
from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import squareform
from sklearn.linear_model import Lasso
from sklearn.metrics import adjusted_rand_score, mutual_info_score, r2_score

from jaxrepsim import training
from jaxrepsim.errors import InputError
from jaxrepsim.pipeline import AlignmentConfig, AnalysisConfig, MatchingConfig
from jaxrepsim.pipeline.folder import RunFolder, load
from jaxrepsim.pipeline.matches import match_files
from jaxrepsim.pipeline.parts import (
    Clusters,
    ExcitingImages,
    MinimalMatches,
    MutualInformation,
    OneToOne,
    SparsePrediction,
)
from jaxrepsim.pipeline.passes.sources import Networks
from jaxrepsim.pipeline.passes.statistics import Wanted, gather
from jaxrepsim.pipeline.run import Run
from tests.pipeline.conftest import jaxrepsim

LAYERS = ("stem", "fc1", "logits")
PAIRS = ((0, 1), (0, 2), (1, 2))
PENALTIES = (0.1, 0.003)
BINS, CLUSTERS, RANKS = 6, 4, 3


@pytest.fixture(scope="module")
def folder(analysed):
    return RunFolder(analysed)


@pytest.fixture(scope="module")
def results(folder):
    return xr.load_datatree(folder.results, engine="h5netcdf")


@pytest.fixture(scope="module")
def run(folder):
    return Run(load(folder.path), folder)


@pytest.fixture(scope="module")
def networks(run):
    return training.train_networks(run.model, run.dataset, run.config.training, run.folder.checkpoints)


@pytest.fixture(scope="module")
def raw(run, networks):
    """[layer][network]: (images, ..., units), float64."""
    found = [
        run.model.apply(
            network.variables,
            training.normalise(jnp.asarray(run.dataset.validation.images), run.dataset.mean, run.dataset.std),
            train=False,
        )[1]
        for network in networks
    ]
    return {layer: [np.asarray(one[layer], np.float64) for one in found] for layer in LAYERS}


@pytest.fixture(autouse=True)
def in_float64():
    with jax.enable_x64(True):
        yield


def silent(*told):
    pass


def of(results, name, layer):
    return results[name].to_dataset().sel(layer=layer)


def rows(maps):
    return maps.reshape(-1, maps.shape[-1])


def split(images, seed=0):
    """The images that are fitted, and the others."""
    order = np.random.default_rng([seed, images]).permutation(images)
    held_out = np.isin(np.arange(images), order[: images // 2])
    return ~held_out, held_out


def correlations(x, y):
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.corrcoef(x.T, y.T)
    return np.nan_to_num(z)


def test_moments_and_correlations(results, raw):
    for layer in LAYERS:
        here = of(results, "one_to_one", layer)
        joint = [rows(maps) for maps in raw[layer]]
        n = joint[0].shape[1]
        assert int(here.samples) == len(joint[0])
        for network, z in enumerate(joint):
            np.testing.assert_allclose(here.unit_mean.values[network, :n], z.mean(0), rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(here.unit_std.values[network, :n], z.std(0), rtol=1e-4, atol=1e-6)
            assert int(here.constant[network]) == (np.ptp(z, axis=0) == 0).sum()
            within = here.correlation_within.values[network, :n, :n]
            np.testing.assert_allclose(within, correlations(z, z)[:n, :n], atol=1e-5)
            assert np.isnan(here.unit_mean.values[network, n:]).all()
        for pair, (a, b) in enumerate(PAIRS):
            found = here.correlation.values[pair, :n, :n]
            np.testing.assert_allclose(found, correlations(joint[a], joint[b])[:n, n:], atol=1e-5)


@pytest.mark.parametrize(("part", "name"), [("one_to_one", "correlation"), ("mutual_information",) * 2])
def test_partners(results, part, name):
    for layer in LAYERS:
        for pair in range(len(PAIRS)):
            here = of(results, part, layer).isel(pair=pair)
            n = int(results["similarity/units"].sel(layer=layer))
            values = here[name].values[:n, :n].astype(float)
            partner = here.partner.values[:n]
            assert sorted(partner) == list(range(n))
            best = values[linear_sum_assignment(values, maximize=True)].sum()
            assert values[np.arange(n), partner].sum() == pytest.approx(best, abs=1e-4)
            best_x, best_y = here.best_x.values[:n], here.best_y.values[:n]
            np.testing.assert_allclose(values[np.arange(n), best_x], values.max(1), atol=1e-6)
            np.testing.assert_allclose(values[best_y, np.arange(n)], values.max(0), atol=1e-6)
            assert (here.partner.values[n:] == -1).all()


def labels(z):
    """Bins by the definition: one of zeros, the others by ranks among the values that are not."""
    found = np.zeros(len(z), int)
    values = np.sort(z[z != 0])
    if len(values):
        edges = np.quantile(values, np.arange(1, BINS - 1) / (BINS - 1))
        found[z != 0] = 1 + np.searchsorted(edges, z[z != 0])
    return found


def test_mutual_information(results, raw):
    """Where quantiles are defined in another way a value at an edge may change its bin; at blank patches all would."""
    for layer in LAYERS[1:]:
        n = raw[layer][0].shape[-1]
        for pair, (a, b) in enumerate(PAIRS):
            x, y = (rows(raw[layer][i]) for i in (a, b))
            found = of(results, "mutual_information", layer).mutual_information.values[pair, :n, :n]
            for i, j in ((0, 0), (1, n - 1), (n - 1, 2)):
                u, v = labels(x[:, i]), labels(y[:, j])
                cells = len(np.unique(u)) + len(np.unique(v)) - len(np.unique(u * BINS + v)) - 1
                expected = mutual_info_score(u, v) + cells / (2 * len(u))
                assert found[i, j] == pytest.approx(expected, abs=0.02)


def test_sparse_prediction(results, raw):
    for layer in LAYERS:
        fitted, held_out = split(len(raw[layer][0]))
        for pair, (a, b) in enumerate(PAIRS[:2]):
            for side, source, target in (("y", a, b), ("x", b, a)):
                z = [(rows(raw[layer][i][fitted]), rows(raw[layer][i][held_out])) for i in (source, target)]
                scale = [(one[0].mean(0), np.where(one[0].std(0) > 0, one[0].std(0), 1)) for one in z]
                (x, x_out), (y, y_out) = (
                    [(part - mean) / std for part in one] for one, (mean, std) in zip(z, scale, strict=True)
                )
                unit = int(np.argmax(y_out.std(0) * y.std(0) > 0))
                here = of(results, "sparse_prediction", layer).isel(pair=pair)
                assert int(here.fitted_samples) == len(x)
                assert int(here.held_out_samples) == len(x_out)
                for penalty in PENALTIES:
                    lasso = Lasso(alpha=penalty, tol=1e-12, max_iter=1_000_000).fit(x, y[:, unit])
                    at = here.sel(penalty=penalty)
                    r2 = r2_score(y[:, unit], lasso.predict(x))
                    assert float(at[f"fitted_r2_{side}"][unit]) == pytest.approx(r2, abs=1e-5)
                    r2 = r2_score(y_out[:, unit], lasso.predict(x_out))
                    assert float(at[f"held_out_r2_{side}"][unit]) == pytest.approx(r2, abs=1e-4)
                    for threshold in at.threshold.values:
                        count = (np.abs(lasso.coef_) > max(threshold, 1e-7)).sum()
                        assert int(at[f"predictors_{side}"].sel(threshold=threshold)[unit]) == count


def mixed_by_chance(x, y):
    """A cluster of s is of one network alone with the probability C(a, s) + C(b, s) of C(a + b, s)."""
    sizes = np.unique(np.concatenate([x, y]), return_counts=True)[1].tolist()
    alone = [(comb(len(x), size) + comb(len(y), size)) / comb(len(x) + len(y), size) for size in sizes]
    return np.mean([1 - share for share in alone])


def test_clusters(results, raw):
    for layer in LAYERS:
        n = raw[layer][0].shape[-1]
        here = of(results, "clusters", layer)
        count = int(here["count"])
        assert count == min(CLUSTERS, 2 * n // 4)
        for pair, (a, b) in enumerate(PAIRS):
            joint = correlations(*(rows(raw[layer][i]) for i in (a, b)))
            graph = np.maximum(joint, 0) * ~np.eye(2 * n, dtype=bool)
            alone = graph.sum(0) == 0
            for kind in ("cluster", "tree"):
                found = np.concatenate([here[f"{kind}_{side}"].values[pair, :n] for side in "xy"])
                np.testing.assert_array_equal(found == -1, alone)
                assert set(found[~alone]) == set(range(len(set(found[~alone])))) <= set(range(count))
            tree = linkage(squareform(1 - graph[~alone][:, ~alone] - np.eye((~alone).sum()), checks=False), "average")
            expected = fcluster(tree, count, "maxclust")
            assert adjusted_rand_score(found[~alone], expected) == pytest.approx(1.0)
            for kind in ("cluster", "tree"):
                labels_x, labels_y = (here[f"{kind}_{side}"].values[pair, :n] for side in "xy")
                expected = mixed_by_chance(labels_x[labels_x >= 0], labels_y[labels_y >= 0])
                assert float(here[f"mixed_by_chance_{kind}"][pair]) == pytest.approx(expected)
            leaves = np.concatenate([here[f"leaf_{side}"].values[pair, :n] for side in "xy"])
            assert sorted(leaves) == list(range(2 * n))


def test_what_excites_matched_pairs(results, raw, run):
    images = run.dataset.validation.images
    seen = 0
    for layer in LAYERS:
        for pair, networks in enumerate(PAIRS):
            here, aligned = (of(results, name, layer).isel(pair=pair) for name in ("exciting_images", "one_to_one"))
            for slot in np.flatnonzero(here.unit_x.values >= 0):
                units = [int(here[f"unit_{side}"][slot]) for side in "xy"]
                assert int(aligned.partner[units[0]]) == units[1]
                assert float(here.correlation[slot]) == pytest.approx(float(aligned.correlation[units[0], units[1]]))
                for side, unit, network in zip("xy", units, networks, strict=True):
                    maps = raw[layer][network][..., unit].reshape(len(images), -1)
                    best = np.argsort(-maps.max(1), kind="stable")[:RANKS]
                    value = here[f"value_{side}"].values[slot]
                    np.testing.assert_allclose(value, maps.max(1)[best], rtol=1e-4)
                    chosen = here[f"image_{side}"].values[slot]
                    np.testing.assert_allclose(maps.max(1)[chosen], value, rtol=1e-4)
                    pixels = here.pixels.sel(image=chosen).values
                    np.testing.assert_array_equal(pixels, np.round(images[chosen] * 255))
                    seen += 1
            correlation = here.correlation.values
            assert (np.diff(correlation[~np.isnan(correlation)]) <= 1e-12).all()
    assert seen > 20
    assert np.isnan(of(results, "exciting_images", "fc1").row_x).all()
    conv = of(results, "exciting_images", "stem")
    assert ((conv.row_x > 0) & (conv.row_x < 1) | (conv.image_x < 0)).all()


def test_what_is_done_is_not_done_again(folder, results, tmp_path):
    again = tmp_path / "run"
    shutil.copytree(folder.path, again)
    copy = RunFolder(again)
    copy.results.unlink()
    parts = ("one_to_one", "mutual_information", "sparse_prediction", "clusters", "exciting_images")
    files = [file for part in parts for file in copy.parts.glob(f"{part}_*/*.nc")]
    gone = [file for file in files if file.parent.name.startswith(("sparse", "exciting"))]
    for file in gone:
        file.unlink()
    times = {file: file.stat().st_mtime_ns for file in files if file not in gone}
    assert len(times) >= 3
    done = jaxrepsim("match", again)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {file: file.stat().st_mtime_ns for file in times} == times
    xr.testing.assert_allclose(xr.load_datatree(copy.results, engine="h5netcdf"), results)


def test_a_finished_run_can_be_aligned_before_the_nonlinearity(folder, run, networks, tmp_path):
    other = RunFolder(tmp_path / "other")
    shutil.copytree(folder.path, other.path)
    off = ("--mutual-information.bins", "0", "--sparse-prediction.penalties", "--clusters.count", "0")
    on = ("--one-to-one.on", "--one-to-one.layers", "stem", "--alignment.before-activation")
    done = jaxrepsim("match", other.path, *off, "--exciting-images.count", "0", *on)
    assert done.returncode == 0, done.stdout + done.stderr
    found = xr.load_datatree(other.results, engine="h5netcdf")
    assert not {"mutual_information", "sparse_prediction", "clusters", "exciting_images"} & found.children.keys()
    assert np.isnan(of(found, "one_to_one", "fc1").unit_mean).all()
    images = training.normalise(jnp.asarray(run.dataset.validation.images), run.dataset.mean, run.dataset.std)
    before = run.model.apply(networks[1].variables, images, train=False, before=True)[1]["stem"]
    assert float(jnp.min(before)) < 0
    z = rows(np.asarray(before, np.float64))
    here = of(found, "one_to_one", "stem").isel(network=1)
    np.testing.assert_allclose(here.unit_mean.values[: z.shape[1]], z.mean(0), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(here.unit_std.values[: z.shape[1]], z.std(0), rtol=1e-3, atol=1e-5)


@pytest.fixture(scope="module")
def files(raw, tmp_path_factory):
    """The raw activations, as a user of another framework would save them."""
    path = tmp_path_factory.mktemp("files")
    for network in range(3):
        rows = {layer: raw[layer][network].reshape(-1, raw[layer][network].shape[-1]) for layer in LAYERS}
        np.savez(path / f"{network}.npz", **rows)
    return [path / f"{network}.npz" for network in range(3)]


PLAIN = AnalysisConfig(matching=MatchingConfig(epsilons=(0.5,)), minimal_matches=MinimalMatches(units=0))


def test_files_of_raw_activations_give_the_same(files, results, tmp_path, monkeypatch):
    monkeypatch.setattr("jaxrepsim.pipeline.parts.mutual_information.MEMORY", 1)  # each layer in a pass of its own
    config = dataclasses.replace(
        PLAIN,
        mutual_information=MutualInformation(bins=BINS),
        sparse_prediction=SparsePrediction(penalties=PENALTIES),
        clusters=Clusters(count=CLUSTERS),
    )
    found = match_files(files, config, RunFolder(tmp_path / "out"), silent, silent)
    for name in (
        *("one_to_one/unit_mean", "one_to_one/unit_std", "one_to_one/correlation", "sparse_prediction/fitted_r2_x"),
        *("sparse_prediction/held_out_r2_y", "mutual_information/mutual_information"),
    ):
        np.testing.assert_allclose(found[name], results[name], rtol=1e-3, atol=2e-3, err_msg=name)
    np.testing.assert_array_equal(found["one_to_one/samples"], results["one_to_one/samples"])


def test_files_that_are_compressed_are_refused_before_any_work(folder, files, tmp_path):
    paths, place = [folder.activations(seed) for seed in (0, 1)], RunFolder(tmp_path / "no")
    aligned = dataclasses.replace(PLAIN, one_to_one=OneToOne(on=True))
    with pytest.raises(InputError, match=r"layer 'stem' is compressed: its \d+ rows stand for \d+ samples"):
        match_files(paths, aligned, place, silent, silent)
    exciting = dataclasses.replace(PLAIN, exciting_images=ExcitingImages(count=2))
    with pytest.raises(InputError, match=r"exciting_images needs the images of a run"):
        match_files(files[:2], exciting, place, silent, silent)
    assert not (tmp_path / "no").exists()


def test_a_network_that_gives_nan_is_named(run, networks):
    broken = jax.tree.map(lambda leaf: np.asarray(leaf), networks[1].variables)
    broken["params"]["logits"]["bias"] = np.where(np.arange(10) == 3, np.nan, 0).astype(np.float32)
    source = Networks(
        run.model, [networks[0], networks[1]._replace(variables=broken)], run.dataset, run.config.matching
    )
    with pytest.raises(
        InputError, match=r"seed 1, layer 'logits', unit 3: \d+ activations on the images 0 to 255 are NaN"
    ):
        gather(source, ["logits"], Wanted(), 0, silent)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (lambda: MutualInformation(bins=2), "bins must be 0, or 3 or more"),
        (lambda: SparsePrediction(penalties=(-0.1,)), r"penalties must be at least 0, and finite; received \(-0.1,\)"),
        (lambda: SparsePrediction(penalties=(0.1, 0.1)), "penalties must be all different"),
        (lambda: Clusters(count=1), "count must be 0, or 2 or more; received 1"),
        (lambda: ExcitingImages(count=-1), "count must be at least 0"),
        (lambda: AlignmentConfig(rows=0), "rows must be at least 1"),
    ],
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(InputError, match=message):
        settings()


def test_a_layer_that_is_not_compared_is_told_before_any_work(run):
    config = dataclasses.replace(run.config, one_to_one=OneToOne(layers=("conv1",), on=True))
    with pytest.raises(InputError, match=r"conv1.*stem, fc1, logits"):
        dataclasses.replace(run, config=config).check()
