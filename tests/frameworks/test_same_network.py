"""One network with the same weights in every framework gives the same activations."""

from collections import OrderedDict
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import linen, nnx

import jaxrepsim

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(10, 6, 6, 3)).astype(np.float32)
WEIGHTS = {
    "conv1": RNG.normal(size=(3, 3, 3, 4)).astype(np.float32),
    "conv2": RNG.normal(size=(3, 3, 4, 4)).astype(np.float32),
    "head": RNG.normal(size=(4, 5)).astype(np.float32),
    "bias": RNG.normal(size=4).astype(np.float32),
    "scale": RNG.normal(size=4).astype(np.float32),
    "mean": RNG.normal(size=4).astype(np.float32),
    "var": RNG.uniform(1, 2, size=4).astype(np.float32),
}
"""In Flax's layout, (height, width, in, out)."""
LAYERS = ["conv1", "norm", "conv2:0", "conv2:1", "head"]
EPSILON = 1e-5


def of_linen() -> dict[str, Any]:
    class Net(linen.Module):
        @linen.compact
        def __call__(self, x, train):
            x = linen.Conv(4, (3, 3), name="conv1")(x)
            x = linen.relu(linen.BatchNorm(use_running_average=not train, epsilon=EPSILON, name="norm")(x))
            conv = linen.Conv(4, (3, 3), use_bias=False, name="conv2")
            x = linen.Dropout(0.5, deterministic=not train)(conv(linen.relu(conv(x))))
            return linen.Dense(5, use_bias=False, name="head")(x.mean((1, 2)))

    params = {
        "conv1": {"kernel": WEIGHTS["conv1"], "bias": WEIGHTS["bias"]},
        "norm": {"scale": WEIGHTS["scale"], "bias": WEIGHTS["bias"]},
        "conv2": {"kernel": WEIGHTS["conv2"]},
        "head": {"kernel": WEIGHTS["head"]},
    }
    stats = {"norm": {"mean": WEIGHTS["mean"], "var": WEIGHTS["var"]}}
    variables = {"params": params, "batch_stats": stats}
    return jaxrepsim.capture(Net(), IMAGES, layers=["conv*", "norm", "head"], batch_size=4, variables=variables)


def of_nnx() -> dict[str, Any]:
    class Net(nnx.Module):
        def __init__(self, rngs):
            self.conv1 = nnx.Conv(3, 4, (3, 3), rngs=rngs)
            self.norm = nnx.BatchNorm(4, epsilon=EPSILON, rngs=rngs)
            self.conv2 = nnx.Conv(4, 4, (3, 3), use_bias=False, rngs=rngs)
            self.dropout = nnx.Dropout(0.5, rngs=rngs)
            self.head = nnx.Linear(4, 5, use_bias=False, rngs=rngs)

        def __call__(self, x):
            x = nnx.relu(self.norm(self.conv1(x)))
            return self.head(self.dropout(self.conv2(nnx.relu(self.conv2(x)))).mean((1, 2)))

    net = Net(nnx.Rngs(0))
    net.conv1.kernel[...], net.conv1.bias[...] = jnp.asarray(WEIGHTS["conv1"]), jnp.asarray(WEIGHTS["bias"])
    net.norm.scale[...], net.norm.bias[...] = jnp.asarray(WEIGHTS["scale"]), jnp.asarray(WEIGHTS["bias"])
    net.norm.mean[...], net.norm.var[...] = jnp.asarray(WEIGHTS["mean"]), jnp.asarray(WEIGHTS["var"])
    net.conv2.kernel[...], net.head.kernel[...] = jnp.asarray(WEIGHTS["conv2"]), jnp.asarray(WEIGHTS["head"])
    found = jaxrepsim.capture(net, IMAGES, batch_size=4)
    assert not net.dropout.deterministic  # it is as it was
    assert not net.norm.use_running_average
    return found


def of_equinox() -> dict[str, Any]:
    class Norm(eqx.Module):
        def __call__(self, x):
            x = (x - WEIGHTS["mean"][:, None, None]) / np.sqrt(WEIGHTS["var"] + EPSILON)[:, None, None]
            return x * WEIGHTS["scale"][:, None, None] + WEIGHTS["bias"][:, None, None]

    class Net(eqx.Module):
        conv1: eqx.nn.Conv2d
        norm: Norm
        conv2: eqx.nn.Conv2d
        dropout: eqx.nn.Dropout
        head: eqx.nn.Linear

        def __call__(self, x, key):
            x = self.conv2(jax.nn.relu(self.conv2(jax.nn.relu(self.norm(self.conv1(x))))))
            return self.head(self.dropout(x, key=key).mean((1, 2)))

    key = jax.random.key(0)
    net = Net(
        eqx.nn.Conv2d(3, 4, 3, padding=1, key=key),
        Norm(),
        eqx.nn.Conv2d(4, 4, 3, padding=1, use_bias=False, key=key),
        eqx.nn.Dropout(0.5),
        eqx.nn.Linear(4, 5, use_bias=False, key=key),
    )
    weights = (_first(WEIGHTS["conv1"]), WEIGHTS["bias"][:, None, None], _first(WEIGHTS["conv2"]), WEIGHTS["head"].T)
    net = eqx.tree_at(
        lambda net: (net.conv1.weight, net.conv1.bias, net.conv2.weight, net.head.weight),
        net,
        tuple(map(jnp.asarray, weights)),
    )
    return jaxrepsim.capture(net, np.moveaxis(IMAGES, -1, 1), batch_size=4)


def of_torch() -> dict[str, Any]:
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = torch.nn.Conv2d(3, 4, 3, padding=1)
            self.norm = torch.nn.BatchNorm2d(4, eps=EPSILON)
            self.conv2 = torch.nn.Conv2d(4, 4, 3, padding=1, bias=False)
            self.dropout = torch.nn.Dropout(0.5)
            self.head = torch.nn.Linear(4, 5, bias=False)

        def forward(self, x):
            x = torch.relu(self.norm(self.conv1(x)))
            return self.head(self.dropout(self.conv2(torch.relu(self.conv2(x)))).mean((2, 3)))

    net = Net()
    state = {
        "conv1.weight": _first(WEIGHTS["conv1"]),
        "conv1.bias": WEIGHTS["bias"],
        "norm.weight": WEIGHTS["scale"],
        "norm.bias": WEIGHTS["bias"],
        "norm.running_mean": WEIGHTS["mean"],
        "norm.running_var": WEIGHTS["var"],
        "conv2.weight": _first(WEIGHTS["conv2"]),
        "head.weight": WEIGHTS["head"].T,
    }
    net.load_state_dict({name: torch.tensor(np.array(each)) for name, each in state.items()}, strict=False)
    return jaxrepsim.capture(net, np.moveaxis(IMAGES, -1, 1), batch_size=4)


def _first(kernel: np.ndarray) -> np.ndarray:
    """As (out, in, height, width)."""
    return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))


@pytest.fixture(scope="module")
def expected() -> OrderedDict[str, np.ndarray]:
    """From the definition, in float64."""

    def convolved(maps, kernel):
        padded = np.pad(maps.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
        return np.einsum("nhwcij,ijco->nhwo", windows, kernel)

    layers = OrderedDict()
    layers["conv1"] = convolved(IMAGES, WEIGHTS["conv1"]) + WEIGHTS["bias"]
    normal = (layers["conv1"] - WEIGHTS["mean"]) / np.sqrt(WEIGHTS["var"] + EPSILON)
    layers["norm"] = normal * WEIGHTS["scale"] + WEIGHTS["bias"]
    layers["conv2:0"] = convolved(np.maximum(layers["norm"], 0), WEIGHTS["conv2"])
    layers["conv2:1"] = convolved(np.maximum(layers["conv2:0"], 0), WEIGHTS["conv2"])
    layers["head"] = layers["conv2:1"].mean((1, 2)) @ WEIGHTS["head"]
    return OrderedDict((name, each.reshape(-1, each.shape[-1])) for name, each in layers.items())


@pytest.mark.parametrize("framework", [of_linen, of_nnx, of_equinox, of_torch])
def test_the_same_activations(framework, expected):
    found = framework()
    assert [name for name in found if name != "dropout"] == LAYERS
    for layer, values in expected.items():
        assert found[layer].dtype == np.float32
        np.testing.assert_allclose(found[layer], values, rtol=1e-5, atol=1e-5 * np.abs(values).max())
