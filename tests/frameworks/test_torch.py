import numpy as np
import pytest

import jaxrepsim
from jaxrepsim import InputError

torch = pytest.importorskip("torch")
nn = torch.nn
MAPS = np.random.default_rng(0).normal(size=(6, 4, 8, 8)).astype(np.float32)


class Residual(nn.Module):
    """As in torchvision: one rectifier that works in place, called twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        hidden = self.norm(self.conv(self.relu(x.clone())))
        hidden += x
        return self.relu(hidden)


def test_what_works_in_place_and_containers():
    model = nn.Sequential(Residual(), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)))
    layers = jaxrepsim.capture(model, MAPS, batch_size=4)
    block = [f"0.{name}" for name in ("relu:0", "conv", "norm", "relu:1")]
    assert list(layers) == [*block, "1.0", "1.1", "1.2"]
    assert layers["0.norm"].min() < 0 == layers["0.relu:1"].min()
    with torch.no_grad():
        norm = model.eval()[0].norm(model[0].conv(torch.relu(torch.tensor(MAPS))))
    np.testing.assert_allclose(layers["0.norm"], norm.permute(0, 2, 3, 1).reshape(-1, 4), atol=1e-6)
    assert list(jaxrepsim.capture(model, MAPS, layers=["0", "1"])) == ["0", "1"]


def test_the_model_stays_as_it_is():
    model = nn.Sequential(Residual(), nn.Dropout(0.5))
    model[0].norm.eval()
    before = [module.training for module in model.modules()]
    jaxrepsim.capture(model, MAPS)
    with pytest.raises(RuntimeError):
        jaxrepsim.capture(model, MAPS[:, :3])
    assert [module.training for module in model.modules()] == before
    assert not any(module._forward_hooks for module in model.modules())


def test_training_mode_that_eval_does_not_reach():
    class Noisy(nn.Module):
        def forward(self, x):
            return nn.functional.dropout(x, 0.5)

    with pytest.raises(InputError, match="layer '1' gives other activations"):
        jaxrepsim.capture(nn.Sequential(nn.ReLU(), Noisy()), MAPS)


def test_transformer():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    tokens = torch.tensor(MAPS[:, 0])
    layers = jaxrepsim.capture(nn.TransformerEncoder(layer, 2), tokens, layers=["layers.?", "*.self_attn"])
    assert list(layers) == ["layers.0.self_attn", "layers.0", "layers.1.self_attn", "layers.1"]
    assert layers["layers.1"].shape == (48, 8)


def test_three_axes():
    model = nn.Sequential(nn.Conv1d(8, 5, 3), nn.ReLU(), nn.MaxPool1d(2), nn.LSTM(3, 7, batch_first=True))
    layers = jaxrepsim.capture(model, MAPS[:, 0])
    assert {name: each.shape for name, each in layers.items()} == {
        "0": (36, 5),
        "1": (36, 5),
        "2": (18, 5),
        "3": (30, 7),
    }


def test_integers_stay_integers_and_floats_take_the_models_type():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(10, 4)
            self.linear = nn.Linear(4, 2)

        def forward(self, input_ids, attention_mask=None):
            return self.linear(self.embedding(input_ids) * attention_mask[..., None])

    ids = np.arange(12).reshape(4, 3) % 10
    layers = jaxrepsim.capture(Named().half(), {"input_ids": ids, "attention_mask": np.ones((4, 3))})
    assert {name: (each.shape, each.dtype) for name, each in layers.items()} == {
        "embedding": ((12, 4), np.float32),
        "linear": ((12, 2), np.float32),
    }


def test_outputs_that_are_no_activations():
    class Text(nn.Module):
        def forward(self, x):
            return {"text": "none"}

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.text = nn.ReLU(), Text()

        def forward(self, x):
            return self.text(self.first(x))

    assert list(jaxrepsim.capture(Net(), MAPS)) == ["first"]
    with pytest.raises(InputError, match="layer 'text' gives dict, not an array"):
        jaxrepsim.capture(Net(), MAPS, layers="text")
