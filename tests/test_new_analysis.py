"""What it takes to add an analysis: algorithm, part, section, template. Here all four are outside the package."""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr

from jaxrepsim.activations import ActivationFile
from jaxrepsim.pipeline import AnalysisConfig, MatchingConfig
from jaxrepsim.pipeline.folder import RunFolder
from jaxrepsim.pipeline.matching_stage import match
from jaxrepsim.pipeline.part import Inputs, Part, Switch
from jaxrepsim.pipeline.parts import MinimalMatches
from jaxrepsim.report import SECTIONS, Section, Variable, build, write_tables
from tests.report.pages import Page


def length(activations):
    """The algorithm."""
    return np.linalg.norm(activations)


@dataclass(frozen=True)
class Lengths(Switch, Part):
    def compute(self, inputs, layers):
        for layer in layers:
            yield xr.Dataset({"length": (("network",), [length(rows) for rows in inputs.rows(layer)])})


@dataclass(frozen=True)
class Config(AnalysisConfig):
    lengths: Lengths = Lengths()


TEMPLATE = """
{% for layer, lengths in rows %}
<p>In {{ layer }} lengths are {{ lengths | join(" and ") }}.</p>
{% endfor %}
"""


@pytest.fixture
def section(tmp_path):
    def rows(results):
        return list(zip(results["layer"].values.tolist(), results["lengths/length"].values.tolist(), strict=True))

    (tmp_path / "lengths.html").write_text(TEMPLATE, encoding="utf-8")
    return Section(
        title="Lengths",
        file=str(tmp_path / "lengths.py"),
        variables={"length": Variable(("layer", "network"), "length", "Norm of all activations.", "1")},
        context=lambda results: {"rows": rows(results)},
        tables={"lengths": lambda results: results["lengths/length"].to_dataframe().reset_index()},
    )


def test_it_is_in_the_results_the_csv_and_the_page(section, tmp_path):
    x, y = np.zeros((2, 40, 3))
    x[:, 0], y[0] = 1.5, 2
    files = {
        name: ActivationFile(OrderedDict(conv=rows, fc=2 * rows), {"conv": 40, "fc": 40}, {})
        for name, rows in (("a", x), ("b", y))
    }
    config = Config(
        matching=MatchingConfig(epsilons=(0.5,)), minimal_matches=MinimalMatches(units=0), lengths=Lengths(on=True)
    )
    inputs = Inputs(files, ["conv", "fc"], config.matching)
    results = match(inputs, config, RunFolder(tmp_path / "run"), lambda line: None, {"title": "With lengths"})
    expected = [[length(x), length(y)], [2 * length(x), 2 * length(y)]]
    np.testing.assert_allclose(results["lengths/length"], expected)

    sections = (*SECTIONS, section)
    (file,) = (path for path in write_tables(results, tmp_path, sections) if path.stem == "lengths")
    assert file.read_text(encoding="utf-8").splitlines()[:2] == ["layer,network,length", f"conv,a,{length(x):.6g}"]

    build(results, tmp_path / "report.html", sections=sections)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert f"In fc lengths are {2 * length(x)} and {2 * length(y)}." in page.text
    assert "lengths" in page.values("id")
    assert "#lengths" in page.values("href")
