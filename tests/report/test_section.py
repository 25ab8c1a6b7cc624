"""A subject from outside the package: its section is all that the report needs to know."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from pandas import DataFrame
from xarray import Dataset, DataTree, load_datatree

from jaxrepsim.errors import InputError
from jaxrepsim.report import SECTIONS, Drawing, Section, Variable, build, check, write_figures, write_tables
from jaxrepsim.report.figure import framed
from jaxrepsim.report.schema import documented
from jaxrepsim.report.style import Column
from tests.report.pages import Page

TEMPLATE = """{% from "macros.html" import show with context %}
<p>The layers {{ layers | join(" and ") }} have the ranks {{ ranks | join(" and ") }}.</p>
{% if "rank" in figures %}
{{ show("rank") }}
{% endif %}
"""


def draw(results: DataTree, column: Column) -> Figure:
    with framed(column, 1.5) as figure:
        figure.add_subplot().plot(results["rank/rank"].values[:, 0])
    return figure


def table(results: DataTree) -> DataFrame:
    return results["rank/rank"].to_dataframe().reset_index()


@pytest.fixture
def toy(tmp_path: Path) -> Section:
    """The rank of each network's units."""
    (tmp_path / "rank.html").write_text(TEMPLATE, encoding="utf-8")
    return Section(
        title="Rank",
        file=str(tmp_path / "rank.py"),
        variables={"rank": Variable(("layer", "network"), "rank", "Number of independent units.", "count")},
        context=lambda results: {"ranks": results["rank/rank"].values[:, 0].tolist()},
        sentences=lambda results: [f"The highest rank is {int(results['rank/rank'].max())}."],
        figures=(Drawing("rank", "Rank against depth", draw, lambda results: "The ranks.", "A line."),),
        tables={"rank": table},
    )


@pytest.fixture
def ranked(results: DataTree) -> DataTree:
    """Results with its group."""
    small = results.isel(layer=slice(2), pair=slice(1), epsilon=slice(2))
    small["rank"] = DataTree(Dataset({"rank": (("layer", "network"), np.array([[5, 6, 7], [8, 9, 8]]))}))
    return small


def test_the_page_the_tables_and_the_figures_have_it(toy: Section, ranked: DataTree, tmp_path: Path) -> None:
    sections = (*SECTIONS, toy)
    documented(ranked, sections).to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    saved = load_datatree(tmp_path / "results.nc", engine="h5netcdf")
    assert saved["rank/rank"].attrs == toy.variables["rank"].attributes
    assert saved["rank"].attrs["title"] == "Rank"

    figures = write_figures(saved, tmp_path, "single", ("svg",), sections)
    assert figures[-1].name == "rank.svg"
    build(saved, tmp_path / "report.html", sections=sections, figures=tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    read = Page(text)
    assert read.open == []
    assert "The highest rank is 9." in read.text
    assert "The layers conv1 and conv2 have the ranks 5 and 8." in read.text.split("Rank", 2)[2]
    assert '<a href="#rank">Rank</a>' in text
    assert '<figure id="figure-rank">' in text
    assert '<a href="rank.svg">SVG</a>' in text

    (path,) = write_tables(saved, tmp_path, (toy,))
    assert path.name == "rank.csv"
    assert pd.read_csv(path)["rank"].tolist() == [5, 6, 7, 8, 9, 8]


def test_without_its_group_nothing_has_it(toy: Section, results: DataTree, tmp_path: Path) -> None:
    assert not write_figures(results, tmp_path, sections=(toy,))
    assert not write_tables(results, tmp_path, (toy,))


def test_its_group_is_checked(toy: Section, ranked: DataTree) -> None:
    ranked["rank"] = DataTree(Dataset({"rank": (("network", "layer"), np.zeros((3, 2)))}))
    check(ranked)
    with pytest.raises(InputError, match="rank/rank has the dimensions"):
        check(ranked, (*SECTIONS, toy))
