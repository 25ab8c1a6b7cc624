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
    for words in ("0.92–0.999", "0.001–0.30", "0.50–0.70"):
        assert words in text
    assert not {"<", ">"} & set(text)


def test_a_range_is_given_where_pairs_differ(make: Callable[..., DataTree], tmp_path: Path) -> None:
    results = make(layers=("a", "b", "c"), epsilons=(0.5,))
    results["similarity/similarity"][:, :, 0] = np.reshape(
        [[0.5, 0.5, 0.5], [0.99999, 1.0, 0.99999], [0.00001, 0.2, 0.3]], (3, 3, 1)
    )
    build(results, tmp_path / "report.html")
    table = (tmp_path / "report.html").read_text(encoding="utf-8").split('aria-describedby="about-layers"')[1]
    last = [Page("<td>" + row.split("<td>")[-1]).text for row in table.split("</table>")[0].split("</tr>")[1:-1]]
    assert last == ["0.50", ">0.9999 >0.9999 to 1.00", "0.17 <0.0001 to 0.30"]


def test_numbers_of_tables_are_written_in_full(make: Callable[..., DataTree], tmp_path: Path) -> None:
    config = {"data": {"seed": 12345}, "training": {"weight_decay": 1e-05, "rows": 1000000}}
    results = make(layers=("a", "b"), config=json.dumps(config), timings=json.dumps({"training": 0.246, "x": 0.01}))
    results["similarity/samples"][:] = [34368, 100]
    units = results["similarity/units"].values
    text = read_page(results, tmp_path).text
    for words in ("data.seed 12345", "weight_decay 0.00001", "rows 1,000,000", "training 0.2 s", "x <0.1 s"):
        assert words in text
    assert f" 34,368 {34368 / units[0]:,.0f} " in text
    assert f" 100 {100 / units[1]:.1f} " in text


def test_p_values_are_no_powers_of_ten(make: Callable[..., DataTree], tmp_path: Path) -> None:
    results = add_groups(make(layers=("a",), epsilons=(0.5,)), slots=4, draws=2, epochs=(0, 1))
    results["chance/p_shuffled"][:] = 0.00004
    results["chance/p_random"][:] = 0.0123
    text = read_page(results, tmp_path).text
    assert "<0.0001 0.012" in text
    assert "e-05" not in text


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
    for words in ("training.flip no", "training.keep (none)", "decomposition.simple_matches 30", "clusters.rows 1,000"):
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
    files = [tmp_path / "results" / name for name in ("results.nc", "a b.csv", "absent.csv")]
    files[0].parent.mkdir()
    for file in files[:2]:
        file.touch()
    build(results, tmp_path / "report.html", files)
    read = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    links = [
        attrs["href"] for tag, attrs in read.elements if tag == "a" and not attrs["href"].startswith(("#", "https"))
    ]
    assert links == ["results/results.nc", "results/a%20b.csv"]
    assert read.text.replace(" ", "").endswith("needsnoneofthem.results/results.ncresults/ab.csv")
    assert "Files" not in read_page(results, tmp_path).text
