"""Modules of one's own as networks of the package; see `own_nets`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from jaxrepsim import models
from jaxrepsim.data import Dataset
from jaxrepsim.data.dataset import Split
from jaxrepsim.errors import InputError
from jaxrepsim.models import ModelConfig, build, layer_names
from jaxrepsim.training import TrainingConfig, load_network, train_network
from jaxrepsim.training.fingerprint import fingerprint
from tests.models import own_nets

SHAPE = (8, 8, 1)
IMAGES = jax.random.normal(jax.random.key(0), (5, *SHAPE))


def own(name, **options):
    return build(ModelConfig(f"tests.models.own_nets:{name}", options=options), 8, 3)


def test_equal_settings_make_equal_networks():
    assert own("Plain", width=4) == own("Plain", width=4)
    assert hash(own("Modern", width=4)) == hash(own("Modern", width=4))
    assert own("Plain", width=4) != own("Plain", width=5)
    assert own("Plain") != own("Modern")


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("Plain", ["conv", "norm", "hidden", "dropout", "logits"]),
        (
            "Modern",
            [f"blocks.{block}.{layer}" for block in (0, 1) for layer in ("linear", "norm", "dropout")] + ["logits"],
        ),
        ("Returning", ["z", "a"]),
        # No table, no module that hands on what came in, and no container beside the layer in it.
        ("Tokens", ["conv", "tokens", "Dense_0"]),
        ("Wide", ["Conv_0"]),
    ],
)
def test_layers(name, layers):
    assert layer_names(own(name), SHAPE) == layers


def test_layers_of_a_linen_module_are_what_it_computes():
    network = own("Plain")
    variables = network.init(jax.random.key(0), IMAGES, train=False)
    logits, layers = jax.jit(lambda variables: network.apply(variables, IMAGES, train=False))(variables)
    module = own_nets.Plain()
    for name in ("conv", "norm", "hidden"):
        found = module.apply(variables, IMAGES, capture_intermediates=True)[1]["intermediates"][name]["__call__"][0]
        np.testing.assert_allclose(layers[name], found, atol=1e-5)
    np.testing.assert_allclose(logits, module.apply(variables, IMAGES), atol=1e-5)
    np.testing.assert_allclose(layers["logits"], logits, atol=1e-6)


def test_layers_of_an_nnx_module_are_what_it_computes():
    network = own("Modern")
    variables = network.init(jax.random.key(0), IMAGES, train=False)
    # Statistics as they may be after training.
    variables["batch_stats"] = jax.tree.map(lambda leaf: leaf - 0.3, variables["batch_stats"])
    logits, layers = jax.jit(lambda variables: network.apply(variables, IMAGES, train=False))(variables)
    module = own_nets.Modern(rngs=nnx.Rngs(7))
    for kind, name in ((nnx.Param, "params"), (nnx.BatchStat, "batch_stats")):
        nnx.update(module, nnx.State(variables[name]))
        assert len(jax.tree.leaves(nnx.state(module, kind))) == len(jax.tree.leaves(variables[name]))
    module.eval()
    first, second = module.blocks
    x = first.linear(IMAGES.reshape(5, -1))
    np.testing.assert_allclose(layers["blocks.0.linear"], x, atol=1e-5)
    x = jax.nn.relu(first.norm(x))
    np.testing.assert_allclose(layers["blocks.0.dropout"], x, atol=1e-5)
    np.testing.assert_allclose(layers["blocks.1.norm"], second.norm(second.linear(x)), atol=1e-5)
    np.testing.assert_allclose(logits, module(IMAGES), atol=1e-5)
    assert float(jnp.abs(logits).max()) > 0.1


@pytest.mark.parametrize("name", ["Plain", "Modern"])
def test_training_mode_drops_and_updates_statistics(name):
    network = own(name)
    variables = network.init(jax.random.key(0), IMAGES, train=False)

    def train(number):
        mutable = [collection for collection in variables if collection != "params"]
        rngs = {"dropout": jax.random.key(number)}
        return network.apply(variables, IMAGES, train=True, mutable=mutable, rngs=rngs)

    ((first, layers), updated), ((second, _), _), ((again, _), _) = train(0), train(1), train(0)
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(first, again)
    assert not layers
    before, after = jax.tree.leaves(variables["batch_stats"]), jax.tree.leaves(updated["batch_stats"])
    assert len(before) == len(after) >= 2
    assert not any(np.allclose(*pair) for pair in zip(before, after, strict=True))
    evaluated = network.apply(variables, IMAGES, train=False)[0]
    np.testing.assert_array_equal(evaluated, network.apply(variables, IMAGES, train=False)[0])


def test_a_mapping_of_its_own_is_taken_as_it_is():
    network = own("Returning")
    variables = network.init(jax.random.key(0), IMAGES, train=False)
    logits, layers = jax.jit(lambda: network.apply(variables, IMAGES, train=False))()
    assert list(layers) == ["z", "a"]
    np.testing.assert_array_equal(layers["a"], logits)
    assert float(layers["z"].min()) == 0
    _, before = network.apply(variables, IMAGES, train=False, before=True)
    np.testing.assert_allclose(np.maximum(before["z"], 0), layers["z"], atol=1e-6)
    assert float(before["z"].min()) < 0
    models.check(network, SHAPE, 3, before=True)
    with pytest.raises(InputError, match=r"alignment\.before_activation .* argument `before`"):
        models.check(own("Plain"), SHAPE, 3, before=True)


def dataset():
    labels = np.arange(24, dtype=np.int32) % 3
    images = np.zeros((24, *SHAPE), np.float32)
    images[np.arange(24), 2 * labels] = 1
    split = Split(images, labels)
    return Dataset("bars", split, split, 3, (0.1,), (0.3,))


@pytest.mark.parametrize(("name", "others"), [("Deterministic", "counts"), ("Modern", "Calls")])
def test_training_carries_all_variables_and_resumes(name, others, tmp_path):
    """An odd variable, and a drawing by a name of its own, through training, checkpoint and resumption."""
    network, data = own(name), dataset()
    config = TrainingConfig(seeds=(0, 1), epochs=2, batch_size=8, learning_rate=0.05)
    trained = train_network(network, data, config, 0, tmp_path)
    (calls,) = jax.tree.leaves(trained.variables[others])
    assert int(calls) == 6  # steps
    loaded = load_network(network, data, config, 0, tmp_path)
    jax.tree.map(np.testing.assert_array_equal, loaded.variables, trained.variables)
    # The last checkpoint is gone: training goes on from the first to the same weights.
    (tmp_path / "seed_0" / "epoch_2.safetensors").unlink()
    resumed = train_network(network, data, config, 0, tmp_path)
    jax.tree.map(np.testing.assert_array_equal, resumed.variables, trained.variables)


def test_the_fingerprint_knows_options_and_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "from flax import linen as nn\n\n\nclass Net(nn.Module):\n    width: int = 1\n"
    found = []
    for name, text in (("a", code), ("b", f"# A comment.\n{code}"), ("c", code.replace("= 1", "= 2"))):
        (tmp_path / f"{name}_of_test_own.py").write_text(text, encoding="utf-8")
        network = build(ModelConfig(f"{name}_of_test_own:Net", options={"width": 3}), 8, 3)
        found.append(fingerprint(network, dataset(), TrainingConfig(), 0))
    assert found[0]["model.options"] == [["width", 3]]
    assert found[0]["model.reference"] == "a_of_test_own:Net"
    assert found[0]["model.code"] == found[1]["model.code"] != found[2]["model.code"]


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("Plane", {}, "'Plane'; did you mean 'Plain'"),
        ("nn", {}, "is a module; a network of your own(.|\n)*def __call__"),
        ("Calls", {}, "is the class Calls; a network of your own"),
        ("make", {}, "is a function; a network of your own"),
        ("Plain", {"widht": 3}, "'widht'; did you mean 'width'"),
        ("Modern", {"widht": 3}, "'widht'; did you mean 'width'"),
        ("Plain", {"rngs": 3}, "'rngs'"),
        ("Failing", {}, "needs inputs: model.options"),
    ],
)
def test_classes_and_options_that_do_not_fit(name, options, words):
    with pytest.raises(InputError, match=words):
        own(name, **options)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        (
            "Plain",
            {"classes": 4},
            r"logits \(7, 3\) for 7 inputs and 3 classes; it gives .* the shape \(7, 4\)",
        ),
        ("Wide", {}, r"the shape \(7, 8, 8, 3\); a network of your own(.|\n)*def __call__"),
        ("Failing", {"inputs": 9}, r"fails on inputs of the shape \(7, 8, 8, 1\): TypeError"),
        ("Weightless", {}, "has no weights"),
        ("Empty", {}, "has no layer"),
        ("Summing", {}, r"layer 'sum' .* float32 of the shape \(7,\).*\(N, units\)"),
        ("Growing", {}, "losses.* another form"),
    ],
)
def test_modules_that_do_not_fit(name, options, words):
    with pytest.raises(InputError, match=words):
        models.check(own(name, **options), SHAPE, 3)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (ModelConfig("tests.models.own_nets:Plain", width=2), "model.width is for the package's networks"),
        (ModelConfig("tests.models.own_nets:Plain", dense_std=None), "model.dense_std is for the package's"),
        (ModelConfig("vgg11", options={"width": 2}), "options are for a network of your own"),
        (ModelConfig("tests.models.own_nots:Plain"), "no module 'tests.models.own_nots'"),
        (ModelConfig("own_nets.Plain"), "unknown model .*module:class of your own"),
    ],
)
def test_settings_that_do_not_fit(config, words):
    with pytest.raises(InputError, match=words):
        build(config, 8, 3)


def test_options_from_the_command_line_and_from_json():
    """Text for numbers, and lists for tuples."""
    given = ModelConfig(options={"width": "6", "act": "relu", "stages": "8,16", "on": "True", "widths": [1, [2, 3]]})
    assert given.options == {"width": 6, "act": "relu", "stages": (8, 16), "on": True, "widths": (1, (2, 3))}
    with pytest.raises(InputError, match="options must be a dict"):
        ModelConfig(options=["width"])  # pyright: ignore


def test_networks_of_the_package_are_for_images():
    vgg = build(ModelConfig("vgg11", width=1 / 64), 8, 3)
    models.check(vgg, SHAPE, 3)
    with pytest.raises(InputError, match="for images, and the data are vectors of 20 features"):
        models.check(vgg, (20,), 3)
