"""The results file documents itself: every variable of every kind of file says what it is, in its unit."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from xarray import DataTree, load_datatree

from jaxrepsim.errors import InputError
from jaxrepsim.report import SECTIONS, check
from jaxrepsim.report.schema import documented, provenance
from jaxrepsim.report.section import ROOT, SHARED, Variable
from tests.report.conftest import made
from tests.report.trees import as_flat

DECLARED: Mapping[str, Mapping[str, Variable]] = {section.name: section.variables for section in SECTIONS}
UNITLESS = ("one_to_one/unit_mean", "one_to_one/unit_std", "exciting_images/value_x", "exciting_images/value_y")
"""Of the unit of the activations, which is that of no other file."""


def assert_documented(results: DataTree) -> None:
    """Every variable and coordinate has a name in words and one sentence, and a unit where it is a quantity."""
    assert results.children.keys() <= DECLARED.keys()
    for node in results.subtree:
        variables = ROOT | SHARED | dict(DECLARED.get(node.name or "", {}))
        for name, held in node.to_dataset(inherit=False).variables.items():
            where, attrs = f"{node.name}/{name}", held.attrs
            assert attrs["long_name"] == variables[str(name)].long_name, where
            assert re.fullmatch(r"[A-Z(1][^\n]*[^.]\.", attrs["description"]), where
            assert attrs.get("units", "") == variables[str(name)].units, where
            if held.dtype.kind == "f" and where not in UNITLESS:
                assert attrs["units"] in ("1", "rad", "nat"), where
        assert node.is_root or node.attrs["title"]


def of_sections(results: DataTree) -> DataTree:
    """Those of its groups that have a section."""
    return results.filter(lambda node: node.is_root or node.name in DECLARED)


@pytest.mark.parametrize("case", ["two files", "usual", "all groups"])
def test_every_variable_of_a_file_says_what_it_is(case: str, tmp_path: Path) -> None:
    results = of_sections(made(case))
    documented(results).to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    saved = load_datatree(tmp_path / "results.nc", engine="h5netcdf")
    assert_documented(saved)
    assert saved.attrs == results.attrs
    for node in results.subtree:
        assert node.to_dataset().drop_attrs().equals(saved[node.path].to_dataset().drop_attrs())
    assert not results["similarity/units"].attrs  # what is in memory stays as it was
    assert not results["similarity"].attrs


def test_names_that_need_a_guess_are_explained() -> None:
    similarity = DECLARED["similarity"]
    assert "not a sample of the data" in SHARED["sample"].description
    assert "rows of activations" in similarity["samples"].description
    assert "Smallest ε" in similarity["profile_x"].description
    assert "first network" in similarity["profile_x"].description
    assert "in the network that has the most" in similarity["units"].description


@pytest.mark.parametrize("group", DECLARED)
def test_declarations_are_whole(group: str) -> None:
    variables = ROOT | SHARED | dict(DECLARED[group])
    assert len({variable.description for variable in variables.values()}) == len(variables)
    for name, variable in variables.items():
        assert set(variable.dims) <= variables.keys(), name
        assert not re.search(r"\. ", variable.description), name
        assert variable.units in ("", "1", "count", "rad", "nat", "epoch"), name


def test_results_are_checked(results: DataTree) -> None:
    check(results)
    with pytest.raises(InputError, match="lack similarity"):
        check(results.drop_nodes("similarity"))
    with pytest.raises(InputError, match="lack epsilon, layer, network, pair, similarity"):
        check(DataTree())
    part = results.copy()
    part["similarity"] = DataTree(results["similarity"].to_dataset(inherit=False).drop_vars(["profile_x", "units"]))
    with pytest.raises(InputError, match="'similarity' of these results lacks profile_x, units"):
        check(part)
    turned = results.copy()
    turned["similarity"] = DataTree(results["similarity"].to_dataset(inherit=False).transpose("pair", ...))
    with pytest.raises(InputError, match="similarity/similarity has the dimensions"):
        check(turned)
    with pytest.raises(InputError, match="hold no pair"):
        check(results.isel(pair=[]))


def test_results_of_before_there_were_groups_are_refused_with_the_command(results: DataTree, tmp_path: Path) -> None:
    as_flat(results).to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    with pytest.raises(InputError, match=r"older jaxrepsim.*`jaxrepsim run CONFIG --out NEW` makes new ones"):
        check(load_datatree(tmp_path / "results.nc", engine="h5netcdf"))


def test_attributes(results: DataTree) -> None:
    assert provenance(results).config["model"] == {"name": "vgg11", "width": 0.25}
    results.attrs = {}
    assert provenance(results).timings == {}
    assert provenance(results).title
    results.attrs = {"config": "{"}
    with pytest.raises(InputError, match="'config' is not JSON"):
        provenance(results)
    results.attrs = {"warnings": "{}"}
    with pytest.raises(InputError, match="should hold a JSON list"):
        provenance(results)
