"""Parts of the page that need no figure: ranges, settings and links to files."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from xarray import DataTree

from jaxrepsim.report import build
from tests.report.groups import add_groups
from tests.report.pages import Page, read_page

pytestmark = pytest.mark.usefixtures("without_drawings")


def test_ranges_beside_signs_read(make: Callable[..., DataTree], tmp_path: Path) -> None:
    results = make(layers=("a", "b", "c"), epsilons=(0.5,))
    results["similarity/similarity"][:, :, 0] = np.reshape(
        [[0.92, 0.95, 0.999], [0.001, 0.2, 0.3], [0.5, 0.6, 0.7]], (3, 3, 1)
    )
    text = read_page(results, tmp_path).text
    for words in ("0.92 to >0.99", "<0.01 to 0.30", "0.50–0.70"):
        assert words in text
    assert "–>" not in text


def test_settings_that_are_off_are_folded_away(make: Callable[..., DataTree], tmp_path: Path) -> None:
    config = {
        "training": {"flip": False, "epochs": 12, "keep": []},
        "matching": {"layers": [], "positions": None, "seed": 0, "redraws": 1},
        "decomposition": {"layers": [], "simple_matches": 30},
        "joint": None,
        "clusters": {"layers": [], "rows": 1000},
    }
    small = make(layers=("a",), epsilons=(0.5,), networks=("0", "1"), config=json.dumps(config))
    build(small, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    folded = re.findall(r"<details>(.*?)</details>", text, re.DOTALL)
    assert len(folded) == 1
    off, shown = Page(folded[0]).text, Page(text.replace(folded[0], "")).text
    assert "7 settings of the configuration that are off" in off
    for words in ("training.flip no", "training.keep (none)", "decomposition.simple_matches 30", "clusters.rows 1000"):
        assert words in off
        assert words not in shown
    for words in ("training.epochs 12", "matching.layers all", "matching.positions all", "matching.seed 0"):
        assert words in shown
    small["decomposition"] = add_groups(small, slots=4, draws=2, epochs=(0, 1))["decomposition"].copy()
    build(small, tmp_path / "decomposed.html")
    text = (tmp_path / "decomposed.html").read_text(encoding="utf-8")
    shown = Page(re.sub(r"<details>.*?</details>", "", text, flags=re.DOTALL)).text.split("Configuration")[1]
    assert "decomposition.layers all" in shown
    assert "decomposition.simple_matches 30" in shown
    assert "clusters" not in shown


def test_the_page_links_to_the_files_beside_it(make: Callable[..., DataTree], tmp_path: Path) -> None:
    results = make(layers=("a",), epochs=None, accuracy=False, samples=0)
    files = [tmp_path / "results" / "results.nc", tmp_path / "results" / "a b.csv"]
    figures = [tmp_path / "figures" / f"similarity-by-depth.{kind}" for kind in ("svg", "png")]
    build(results, tmp_path / "report.html", [*files, *figures])
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    read = Page(text)
    links = [
        attrs["href"] for tag, attrs in read.elements if tag == "a" and not attrs["href"].startswith(("#", "https"))
    ]
    assert links == [
        *["figures/similarity-by-depth.svg", "figures/similarity-by-depth.png"],
        *["results/results.nc", "results/a%20b.csv"],
    ]
    depth = text.split('<figure id="figure-similarity-by-depth">')[1].split("</figure>")[0]
    assert [Page(link).text for link in re.findall("<a .*?</a>", depth)] == ["SVG", "PNG"]
    assert read.text.split("Files ")[-1].replace(" ", "") == "results/results.ncresults/ab.csv"
