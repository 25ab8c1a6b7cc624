"""Made-up results of every shape that the report must be able to show."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from markupsafe import Markup
from matplotlib.figure import Figure
from xarray import Dataset, DataTree, load_datatree

from jaxrepsim.report import Drawing, build, page
from tests.report.groups import add_groups, not_computed
from tests.report.trees import as_tree

EPSILONS = (0.15, 0.2, 0.25, 0.3, 0.5)
LAYERS = (*(f"conv{i + 1}" for i in range(8)), "fc1", "logits")


def make_results(
    layers: tuple[str, ...] = LAYERS,
    networks: tuple[str, ...] = ("0", "1", "2"),
    epsilons: tuple[float, ...] = EPSILONS,
    redraws: int = 4,
    samples: int = 12,
    epochs: int | None = 40,
    units: int = 32,
    accuracy: bool = True,
    **attrs: Any,
) -> DataTree:
    """Results as a run would give them: profiles are drawn at random, everything else is counted from them.

    Layers grow wider and less alike with depth, up to the last, which matches early. Two units of the second layer's
    first network are dead. `epochs=None` and `accuracy=False` leave out what a comparison of files does not have.
    """
    rng = np.random.default_rng(0)
    pairs = list(combinations(range(len(networks)), 2))
    widths = np.array([max(2, units // 2 + (units // 2) * i // max(len(layers) - 1, 1)) for i in range(len(layers))])
    shape = (len(layers), len(pairs), redraws, int(widths.max()))
    dead = np.zeros((len(layers), len(networks)), int)
    profiles = {}
    for side in ("x", "y"):
        middle = np.linspace(0.2, 0.48, len(layers))[:, None] + 0.04 * rng.random((len(layers), len(pairs)))
        if len(layers) > 1:
            middle[-1] = 0.12
        critical = np.clip(middle[:, :, None, None] + 0.03 * rng.standard_normal(shape), 0, 1)
        for index, width in enumerate(widths):
            critical[index, :, :, width:] = np.nan
        if len(layers) > 1 and side == "x":
            first = [index for index, pair in enumerate(pairs) if pair[0] == 0]
            critical[1, first, :, :2] = np.inf
            dead[1, 0] = 2
        profiles[side] = critical
    at = np.array(epsilons)[None, None, :, None]
    matched = {s: np.stack([(p <= e).sum(-1) for e in epsilons], axis=2) for s, p in profiles.items()}
    sizes = (len(layers), len(pairs), len(epsilons), samples)
    unit = np.broadcast_to(np.arange(samples), sizes).copy()
    taken = {s: np.zeros(sizes, int) for s in "xy"}
    for s in "xy":
        share = rng.uniform(0.2, 0.9, sizes)
        taken[s] = np.where(matched[s][..., :1] > unit, np.ceil(share * matched[s][..., :1]), 0).astype(int)
    alone = (taken["x"] == 0) | (taken["y"] == 0)
    names = [f"{networks[a]}-{networks[b]}" for a, b in pairs]
    data: dict[str, Any] = {
        "similarity": (
            ("layer", "pair", "epsilon", "redraw"),
            (matched["x"] + matched["y"]) / (2 * widths[:, None, None, None]) + 0 * at,
        ),
        "units": (("layer",), widths),
        "samples": (("layer",), np.full(len(layers), 540)),
        "dead": (("layer", "network"), dead),
        "minimal_unit": (("layer", "pair", "epsilon", "sample"), unit),
    }
    for s in "xy":
        data[f"matched_{s}"] = (("layer", "pair", "epsilon", "redraw"), matched[s])
        data[f"profile_{s}"] = (("layer", "pair", "redraw", "unit"), profiles[s])
        data[f"minimal_size_{s}"] = (("layer", "pair", "epsilon", "sample"), np.where(alone, 0, taken[s]))
    if accuracy:
        data["accuracy"] = (("network",), 0.985 + 0.01 * rng.random(len(networks)))
    if epochs is not None:
        steps = np.arange(1, epochs + 1)
        noise = rng.random((len(networks), epochs))
        data["train_loss"] = (("network", "epoch"), 2.3 * np.exp(-steps / 6) * (0.8 + 0.4 * noise) + 0.01)
        data["validation_accuracy"] = (("network", "epoch"), 0.99 - 0.6 * np.exp(-steps / 4) * (0.7 + 0.6 * noise))
    coords = {
        "layer": list(layers),
        "pair": names,
        "epsilon": list(epsilons),
        "redraw": np.arange(redraws),
        "unit": np.arange(shape[-1]),
        "sample": np.arange(samples),
        "network": list(networks),
    }
    if epochs is not None:
        coords["epoch"] = np.arange(1, epochs + 1)
    config = {
        "seeds": list(range(len(networks))),
        "model": {"name": "vgg11", "width": 0.25},
        "training": {"epochs": epochs, "milestones": [0.5, 0.75], "flip": False, "directory": None},
        "matching": {"epsilons": list(epsilons), "redraws": redraws},
    }
    standard = {
        "title": "Digits, six convolutions",
        "description": "Three networks of one architecture on the digits images, from three seeds.",
        "data": "digits, test split, 540 images",
        "config": json.dumps(config),
        "versions": json.dumps({"jax": "0.10.2", "jaxrepsim": "0.1.0", "numpy": "2.4.6"}),
        "timings": json.dumps({"training": 184.2, "activations": 3.21, "matching": 61.0, "report": 0.4}),
        "warnings": json.dumps([]),
    }
    return as_tree(Dataset(data, coords, standard | attrs))


FEW = ("conv1", "conv2", "logits")
LONG = tuple(f"features.stage{i // 15}.block{i // 3 % 5}.conv{i % 3}.relu_after_addition" for i in range(60))
FILES = ("runs/a/activations of the first network, epoch 160.safetensors", "b.safetensors")
CASES: dict[str, Callable[[], DataTree]] = {
    "usual": make_results,
    "one layer": lambda: make_results(layers=("conv1",)),
    "one pair": lambda: make_results(layers=FEW, networks=("0", "1"), redraws=1),
    "one epsilon": lambda: make_results(layers=FEW, epsilons=(0.5,)),
    "ten seeds": lambda: make_results(networks=tuple(map(str, range(10)))),
    "many layers, ten seeds": lambda: make_results(layers=LONG[:40], networks=tuple(map(str, range(10))), redraws=2),
    "two files": lambda: make_results(layers=FEW, networks=FILES, redraws=1, samples=0, epochs=None, accuracy=False),
    "accuracy only": lambda: make_results(layers=FEW, epochs=None),
    "all small": lambda: make_results(
        layers=("a",), networks=("0", "1"), epsilons=(0.01,), redraws=1, samples=1, epochs=1, units=2
    ),
    "nothing matches": lambda: make_results(layers=FEW, epsilons=(0.001, 0.01)),
    "many epsilons": lambda: make_results(layers=FEW, epsilons=tuple(0.05 * (i + 1) for i in range(18))),
    "hostile names": lambda: make_results(
        layers=("<script>alert(1)</script>", '$x_1$ & "quoted"', "層一", "-->", "line\nbreak", "{{ 7 * 7 }}"),
        networks=("<b>0</b>", "1 && 2", "$"),
        title="<img src=x onerror=alert(1)>",
        warnings=json.dumps(["layer </style><script>alert(2)</script> has 40 samples for 32 units"]),
    ),
}
GROUP_CASES: dict[str, Callable[[], DataTree]] = {
    "all groups": lambda: add_groups(make_results()),
    "all groups, one layer, one pair": lambda: add_groups(
        make_results(layers=("conv1",), networks=("0", "1"), redraws=1), draws=1, epochs=(0,)
    ),
    "all groups, two networks": lambda: add_groups(make_results(layers=FEW, networks=("0", "1")), epochs=(0, 3)),
    "all groups, nothing matches": lambda: add_groups(make_results(layers=FEW, epsilons=(0.001, 0.01))),
    "enumeration stopped": lambda: add_groups(make_results(layers=FEW, units=64), slots=7),
    "many simple matches": lambda: add_groups(make_results(layers=FEW, networks=("0", "1"), units=96), slots=100),
    "huge held-out residuals": lambda: add_groups(make_results(layers=FEW), huge=True),
    "all groups, many layers": lambda: add_groups(
        make_results(layers=LONG[:40], networks=("0", "1"), redraws=1, epsilons=(0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5)),
        slots=8,
        draws=5,
    ),
    "groups without samples": lambda: add_groups(make_results(layers=FEW, samples=0)),
    "groups not computed": lambda: not_computed(make_results(layers=FEW)),
}
"""With the groups that not all results have."""


def by_default(shapes: Iterable[str], *quick: str) -> list[Any]:
    """Parameters: all shapes, of which the others are long. Each has every figure drawn and laid out."""
    return [shape if shape in quick else pytest.param(shape, marks=pytest.mark.long) for shape in shapes]


@cache
def _made(name: str) -> DataTree:
    return (CASES | GROUP_CASES)[name]()


def made(name: str) -> DataTree:
    """A case, which a test may change."""
    return _made(name).copy(deep=True)


@pytest.fixture(params=GROUP_CASES)
def grouped_results(request: pytest.FixtureRequest) -> DataTree:
    """Each of the shapes with further groups in turn."""
    return made(request.param)


@pytest.fixture(params=CASES)
def any_results(request: pytest.FixtureRequest) -> DataTree:
    """Each of the shapes in turn."""
    return made(request.param)


@pytest.fixture(scope="session")
def make() -> Callable[..., DataTree]:
    """The factory itself."""
    return make_results


HARD_LAYERS = ("<script>document.title = 'run'</script>", "a" * 120, "features.block.conv." * 6)
"""Names that are hard to lay out, and one that would run."""


@pytest.fixture(scope="session")
def whole() -> DataTree:
    """All groups, of few units, with names that are hard."""
    networks = ("long name " * 6, "1", "2")
    return add_groups(make_results(layers=HARD_LAYERS, networks=networks, epsilons=(0.2, 0.5), samples=4, units=16))


@pytest.fixture(scope="session")
def whole_page(whole: DataTree, once: Callable[[str, Callable[[Path], object]], Path]) -> str:
    """Their page with every figure, as it is built from the saved file; drawn once for all tests that look at it."""

    def fill(folder: Path) -> None:
        folder.mkdir()
        whole.to_netcdf(folder / "results.nc", engine="h5netcdf")
        build(load_datatree(folder / "results.nc", engine="h5netcdf"), folder / "report.html")

    return (once("whole", fill) / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def without_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages whose figures have their captions and no drawing, which is what takes the time."""

    def drawn(drawing: Drawing, results: DataTree, wide: Mapping[str, Figure]) -> dict[str, Any]:
        said = {"title": drawing.title, "caption": drawing.caption(results), "description": drawing.description}
        return said | {"columns": {"double": Markup("<svg></svg>")}}

    monkeypatch.setattr(page, "_drawn", drawn)


@pytest.fixture
def full() -> DataTree:
    """The usual case with all groups."""
    return made("all groups")


@pytest.fixture
def results() -> DataTree:
    """The usual case: ten layers, three seeds, five values of ε, four redraws."""
    return made("usual")
