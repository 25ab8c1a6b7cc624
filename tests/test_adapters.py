"""The files in docs/adapters/ register every measure, with stand-ins for the interfaces of the two collections."""

import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np
import pytest

from jaxrepsim.measures import MEASURES
from tests.measures.pairs import planted

FOLDER = Path(__file__).parent.parent / "docs" / "adapters"
NAMES = [
    name if name in ("linear_cka", "procrustes", "pwcca") else pytest.param(name, marks=pytest.mark.long)
    for name in MEASURES
]


def expected(name: str, x: np.ndarray, y: np.ndarray) -> float:
    with jax.enable_x64(True):
        return float(MEASURES[name].function(x, y))


@dataclass(kw_only=True)
class Stated:
    """What ReSi's base class of measures is given."""

    sim_func: Callable
    larger_is_more_similar: bool
    is_symmetric: bool
    is_metric: bool
    invariant_to_affine: bool
    invariant_to_invertible_linear: bool
    invariant_to_ortho: bool
    invariant_to_permutation: bool
    invariant_to_isotropic_scaling: bool
    invariant_to_translation: bool

    def __post_init__(self) -> None:
        self.name = type(self).__name__


def flattened(*arrays: np.ndarray, shape: str) -> list[np.ndarray]:
    return [array.reshape(-1, array.shape[-1]) for array in arrays] if shape == "ntd" else list(arrays)


def positions_as_samples(*maps: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of maps of one size."""
    return tuple(each.transpose(0, 2, 3, 1).reshape(-1, each.shape[1]) for each in maps)


@pytest.fixture
def resi(monkeypatch) -> dict[str, Any]:
    """ReSi's dictionary of measures, after the file was run."""
    package, measures, utils = (ModuleType(name) for name in ("repsim", "repsim.measures", "repsim.measures.utils"))
    vars(measures)["ALL_MEASURES"] = {"CKA": None}
    vars(utils).update(
        RepresentationalSimilarityMeasure=Stated, align_spatial_dimensions=positions_as_samples, flatten=flattened
    )
    for module in (package, measures, utils):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    runpy.run_path(str(FOLDER / "resi.py"), run_name="resi")
    return vars(measures)["ALL_MEASURES"]


def test_resi_has_every_measure_beside_its_own_and_what_the_table_says_of_it(resi):
    assert list(resi) == ["CKA", *(f"jaxrepsim_{name}" for name in MEASURES)]
    for name, row in MEASURES.items():
        measure = resi[f"jaxrepsim_{name}"]
        assert measure.name == f"jaxrepsim_{name}"
        assert measure.larger_is_more_similar == (row.kind == "similarity")
        assert (measure.is_symmetric, measure.is_metric) == (row.symmetric, row.metric)
    cca, distance = resi["jaxrepsim_cca"], resi["jaxrepsim_procrustes"]
    assert (cca.invariant_to_affine, cca.invariant_to_invertible_linear) == (True, True)
    assert (distance.invariant_to_ortho, distance.invariant_to_translation) == (True, True)
    assert not distance.invariant_to_affine


@pytest.mark.parametrize("name", NAMES)
def test_resi_gets_the_numbers_of_our_functions(resi, name):
    x, y = planted(3, 6, 9)
    measure, wanted = resi[f"jaxrepsim_{name}"], expected(name, x, y)
    assert measure(x, y, "nd") == pytest.approx(wanted, abs=1e-12)
    assert measure(x.reshape(15, 4, -1), y.reshape(15, 4, -1), "ntd") == pytest.approx(wanted, abs=1e-12)
    maps = [each.reshape(15, 2, 2, -1).transpose(0, 3, 1, 2) for each in (x, y)]
    assert measure(*maps, "nchw") == pytest.approx(wanted, abs=1e-12)


def reshaped(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1, x.shape[-1])


@pytest.fixture
def registry(monkeypatch) -> dict[str, Callable]:
    """What the file registers with the similarity repository."""
    found: dict[str, Callable] = {}

    def register(id: str, obj: Callable, preprocessing: list[str]) -> None:
        assert preprocessing == ["reshape2d"]
        found[id] = lambda X, Y: obj(reshaped(X), reshaped(Y))

    module = ModuleType("similarity")
    vars(module).update(register=register, make=lambda id: found[id])
    monkeypatch.setitem(sys.modules, "similarity", module)
    runpy.run_path(str(FOLDER / "similarity_repository.py"), run_name="similarity_repository")
    return found


def test_the_similarity_repository_finds_all_by_their_pattern(registry):
    assert [id for id in registry if fnmatch(id, "measure/*/*")] == [f"measure/jaxrepsim/{name}" for name in MEASURES]


@pytest.mark.parametrize("name", NAMES)
def test_the_similarity_repository_gets_the_numbers_of_our_functions(registry, name):
    x, y = planted(3, 6, 9)
    measure = registry[f"measure/jaxrepsim/{name}"]
    assert measure(x.reshape(15, 4, -1), y.reshape(15, 4, -1)) == pytest.approx(expected(name, x, y), abs=1e-12)


@pytest.mark.long
def test_the_example_prints_what_independent_networks_have(registry, capsys):
    runpy.run_path(str(FOLDER / "similarity_repository.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["match_auc", "debiased_cka", "procrustes"]
    assert abs(float(lines[1].split()[-1])) < 0.05
