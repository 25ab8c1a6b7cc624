"""What is computed of a run before it begins, against published figures, XLA's own count and what extraction holds."""

import math
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh

from benchmarks import expected
from benchmarks.cost_model import Cost, Rates, measured_rates
from benchmarks.image_sets import Images, images_of
from benchmarks.network_cost import Network, contractions, network
from benchmarks.workload import Stage, states, workload
from jaxrepsim.errors import InputError
from jaxrepsim.models import VGG, ModelConfig
from jaxrepsim.pipeline import DataConfig, MatchingConfig, RunConfig, TrainingConfig
from jaxrepsim.pipeline.passes.extraction import _begin

SMOKE = Path(__file__).parent.parent.parent / "configs" / "smoke.py"


# 10⁹ multiplications of an image of 224 pixels, as torchvision's documentation of each network's weights has them.
@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("imagenet_resnet18", 1.81),
        ("imagenet_resnet34", 3.66),
        ("imagenet_resnet50", 4.09),
        ("imagenet_vgg11", 7.61),
        ("imagenet_vgg16", 15.47),
        ("imagenet_vgg19_bn", 19.63),
    ],
)
def test_operations_are_the_published_ones(name, published):
    assert round(network(ModelConfig(name), (224, 224, 3), 1000).forward / 2e9, 2) == published


def test_operations_of_both_passes_are_those_that_xla_counts():
    model = VGG(stages=((32,), (32,)), hidden=16, classes=10, pools=1)
    images = jax.ShapeDtypeStruct((1, 64, 64, 3), jnp.float32)
    params = jax.eval_shape(lambda: model.init(jax.random.key(0), jnp.zeros(images.shape)))

    def loss(params, images):
        return model.apply(params, images)[0].sum()

    forward = list(contractions(loss, params, images))
    assert forward[0] == 2 * 64 * 64 * 32 * 9 * 3
    assert forward[-1] == 2 * 16 * 10
    net = Network(0, {}, sum(forward), forward[0], False)
    counted = jax.jit(jax.grad(loss)).lower(params, images).cost_analysis()["flops"]
    assert net.forward + net.backward == pytest.approx(counted, rel=0.1)
    assert net.forward + net.backward == pytest.approx(sum(contractions(jax.grad(loss), params, images)), rel=1e-6)


@pytest.mark.parametrize(("positions", "redraws", "batch"), [(None, 1, 16), (50, 3, 16), (10_000, 2, 7), (30, 2, 100)])
def test_states_are_those_that_extraction_holds(positions, redraws, batch):
    config = RunConfig(matching=MatchingConfig(positions=positions, redraws=redraws, batch_size=batch))
    images = Images((4, 4, 1), 10, 100, 40, 0)
    layers = {"conv": (4, 4, 5), "pool": (5,), "logits": (10,)}
    size = min(batch, images.validation)
    maps = {name: jnp.zeros((size, *shape)) for name, shape in layers.items()}
    mesh = Mesh(np.array(jax.devices()[:1]), ("data",))
    begun = _begin(
        mesh, dict.fromkeys(config.training.seeds, maps), images.validation, size, config.matching, jnp.float32
    )
    held = [sum(part.nbytes for part in jax.tree.leaves(layer._state)) for layer in begun.values()]
    assert [state.bytes for state in states(config, images, Network(0, layers, 0, 0, False))] == held


def test_a_run_by_hand():
    config = RunConfig(
        data=DataConfig("cifar10", train_split="train[:50%]"),
        model=ModelConfig("vgg11"),
        training=TrainingConfig(seeds=(0, 1), epochs=3, batch_size=100),
        matching=MatchingConfig(layers=("conv8", "fc1"), batch_size=500),
    )
    work = workload(config)
    assert work.network.weights == 9_750_922
    assert work.network.layers["conv8"] == (2, 2, 512)
    assert work.step == 100 * (work.network.forward + work.network.backward)
    training, extraction, matching = work.stages.values()
    evaluated = 2 * 3 * 10_000 * work.network.forward
    assert training.costs["float32"].operations == pytest.approx(2 * 3 * 250 * work.step + evaluated)
    numbers = sum(math.prod(shape) for shape in work.network.layers.values())
    weights, resident = 9_750_922 * 4, 35_000 * 32 * 32 * 3
    assert training.memory == 3 * weights + 100 * numbers * 4 + resident
    state = (2 * 1027**2 + 1025) * 8
    assert extraction.memory == 3 * state + 2 * 500 * numbers * 4 + 2 * weights
    assert matching.memory == (2 * 1024 * 512 + 4 * 512**2) * 8
    assert matching.costs.keys() == {"float64"}
    spread = workload(config, devices=4).stages["training"].memory
    assert spread == 3 * weights + 25 * numbers * 4 + resident


def test_half_precision_and_seeds_at_once_at_once():
    """A network's own activations are half as large, its weights are held once more; networks lie side by side."""
    config = RunConfig(model=ModelConfig("vgg11_bn", 0.25), training=TrainingConfig(seeds=(0, 1, 2, 3)))
    training = SimpleNamespace(**{**vars(config.training), "precision": "bfloat16", "seeds_at_once": 4})
    halved = SimpleNamespace(data=config.data, model=config.model, training=training, matching=config.matching)
    net, resident = workload(config).network, images_of(config.data).resident
    assert workload(config).stages["training"].memory - resident == net.weights * 12 + 128 * net.kept * 4
    stage = workload(halved).stages["training"]
    assert stage.memory - resident == 4 * (net.weights * 14 + 128 * net.kept * 2)
    assert stage.costs.keys() == {"bfloat16", "float32"}
    assert workload(halved, devices=2).stages["training"].memory - resident == 2 * (
        net.weights * 14 + 128 * net.kept * 2
    )


def test_sets_of_images():
    assert images_of(DataConfig("svhn_cropped", train_split="train+extra")).train == 604_388
    streamed = SimpleNamespace(
        name="imagenette/160px-v2", train_split="train", validation_split="validation[:10%]", image_size=128
    )
    found = images_of(streamed)
    assert found == Images((128, 128, 3), 10, 9_469, 392, 0)
    with pytest.raises(InputError, match="imagenet2012' differ in size: set `image_size`"):
        images_of(DataConfig("imagenet2012", validation_split="validation"))
    with pytest.raises(InputError, match=r"whose size is known.*'mnits'; did you mean 'mnist'"):
        images_of(DataConfig("mnits"))


def test_a_stage_takes_the_longer_of_computing_and_moving():
    rates = {"float32": Rates(10.0, 1.0), "float64": Rates(1.0, 1.0)}
    stage = Stage({"float32": Cost(100.0, 3.0), "float64": Cost(1.0, 5.0)}, 0)
    assert expected.seconds(stage, rates) == 10 + 5


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.5, "500 ms"), (59, "59 s"), (90, "1.5 min"), (7200, "2 h"), (36_000, "10 h")]
)
def test_durations(seconds, words):
    assert expected.duration(seconds) == words


def test_the_command_tells_what_does_not_fit(capsys):
    assert expected.main(expected.Options((SMOKE,))) == 0
    table = capsys.readouterr().out
    assert "not measured" in table
    assert table.count("| yes |") == 1
    assert expected.main(expected.Options((SMOKE,), memory=0.001)) == 0
    assert "**no**: training, extraction |" in capsys.readouterr().out


def test_runs_of_the_same_name_in_several_files_have_a_line_each():
    configs = SMOKE.parent
    files = [SMOKE, configs / "over_training" / "smoke.py", configs / "figure1" / "fashion_mnist.py"]
    assert list(expected.named(files)) == [
        "smoke",
        "over_training/smoke",
        "figure1/fashion_mnist vgg",
        "figure1/fashion_mnist resnet",
    ]


def test_the_command_refuses_layers_that_the_network_has_not(capsys, tmp_path):
    config = tmp_path / "layers.py"
    config.write_text(
        SMOKE.read_text(encoding="utf-8") + "\nfrom dataclasses import replace\n"
        "config = replace(config, matching=replace(config.matching, layers=('conv99',)))\n"
    )
    assert expected.main(expected.Options((config,))) == 2
    assert "'conv99'" in capsys.readouterr().err


def test_the_command_measures(capsys, monkeypatch):
    monkeypatch.setattr(expected, "measured_rates", lambda dtype, size, repeats: measured_rates(dtype, 32, 1))
    assert expected.main(expected.Options((SMOKE,), measure=True)) == 0
    assert "; measured: " in capsys.readouterr().out


def test_the_command_refuses_what_is_no_config(capsys, tmp_path):
    assert expected.main(expected.Options((tmp_path / "none.py",))) == 2
    assert expected.main(expected.Options(())) == 2
    assert "there is no config file" in capsys.readouterr().err
