"""The results file documents itself: every variable of every kind of file says what it is, in its unit."""

import re
from pathlib import Path

import pytest
from xarray import Dataset, load_dataset

from jaxrepsim.pipeline.results_files import write_netcdf
from jaxrepsim.report.schema import DECLARED
from tests.report.conftest import made


def assert_documented(results: Dataset) -> None:
    """Every variable and coordinate has a name in words and one sentence, and a unit where it is a quantity."""
    for name in map(str, results.variables):
        attrs = results[name].attrs
        assert attrs["long_name"] == DECLARED[name].long_name, name
        assert re.fullmatch(r"[A-Z(1][^\n]*[^.]\.", attrs["description"]), name
        assert attrs.get("units", "") == DECLARED[name].units, name
        if results[name].dtype.kind == "f" and not name.startswith(("unit_", "exciting_value")):
            assert attrs["units"] in ("1", "rad", "nat"), name


@pytest.mark.parametrize("case", ["two files", "usual", "all groups"])
def test_every_variable_of_a_file_says_what_it_is(case: str, tmp_path: Path) -> None:
    results = made(case)
    write_netcdf(results, tmp_path / "results.nc")
    saved = load_dataset(tmp_path / "results.nc", engine="h5netcdf")
    assert_documented(saved)
    assert saved.drop_attrs().identical(results.drop_attrs())
    assert not results["units"].attrs  # what is in memory stays as it was


def test_names_that_need_a_guess_are_explained() -> None:
    assert "not a sample of the data" in DECLARED["sample"].description
    assert "rows of activations" in DECLARED["samples"].description
    assert "Smallest ε" in DECLARED["profile_x"].description
    assert "first network" in DECLARED["profile_x"].description
    assert "in the network that has the most" in DECLARED["units"].description


def test_declarations_are_whole() -> None:
    assert len({variable.description for variable in DECLARED.values()}) == len(DECLARED)
    for name, variable in DECLARED.items():
        assert set(variable.dims) <= DECLARED.keys(), name
        assert not re.search(r"\. ", variable.description), name
        assert variable.units in ("", "1", "count", "rad", "nat", "epoch"), name
