"""The page as a file: it holds everything, runs nothing, and shows names as they are."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from xarray import DataTree, load_datatree

from jaxrepsim.errors import InputError
from jaxrepsim.report import SECTIONS, build, write_figures
from jaxrepsim.report.readings import Area
from jaxrepsim.report.svg import drawn, inline
from tests.report.conftest import HARD_LAYERS
from tests.report.groups import add_groups, not_computed
from tests.report.pages import Page, read_page, urls
from tests.report.test_figures import ALWAYS, DRAWINGS
from tests.report.trees import OPTIONAL

BEFORE, AFTER = ["compared"], ["method", "reproducibility"]
"""What the page holds besides the sections of subjects."""
WITHOUT_GROUPS = [*BEFORE, "networks", "similarity", "minimal_matches", *AFTER]


@pytest.fixture
def page(make: Callable[..., DataTree], tmp_path: Path) -> Callable[..., Page]:
    """Builds a page of a small comparison and reads it; by default without training, accuracy and samples."""

    def built(**shape) -> Page:
        small = {"layers": ("conv1", "fc1"), "epsilons": (0.5,), "epochs": None, "accuracy": False, "samples": 0}
        build(make(**(small | shape)), tmp_path / "report.html")
        return Page((tmp_path / "report.html").read_text(encoding="utf-8"))

    return built


def test_page_holds_everything_and_asks_for_nothing(page: Callable[..., Page]) -> None:
    read = page(epsilons=(0.2, 0.5), epochs=3, accuracy=True, samples=4)
    assert read.open == []
    assert [attrs["id"] for tag, attrs in read.elements if tag == "section"] == WITHOUT_GROUPS
    figures = [attrs["id"] for tag, attrs in read.elements if tag == "figure"]
    assert figures == [f"figure-{name}" for name in ("training", *ALWAYS, "minimal-matches")]
    for text in ["At ε = 0.5, mean similarity", "99.", "training.milestones 0.5, 0.75", "3 min 4 s", "jax 0.10.2"]:
        assert text in read.text
    assert "warnings" not in read.values("class")

    tags = {tag for tag, _ in read.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed"}
    assert not read.values("src")
    outside = {value for value in read.values("href") if not value.startswith(("#", "data:"))}
    assert outside == {"https://arxiv.org/abs/1810.11750", "https://arxiv.org/abs/1511.07543"}
    assert not [name for _, attrs in read.elements for name in attrs if name.startswith("on")]
    policy = next(attrs for tag, attrs in read.elements if tag == "meta" and "http-equiv" in attrs)
    assert policy["content"].startswith("default-src 'none';")

    names = read.values("id")
    assert len(names) == len(set(names))
    references = [value[1:] for value in read.values("href") if value.startswith("#")]
    references += urls([*read.values("clip-path"), *read.values("style"), *read.values("fill")])
    assert len(references) > 100
    assert set(references) <= set(names)
    assert set(read.values("aria-describedby")) <= set(names)


def sections(read: Page) -> list[str]:
    """The ids of the sections; the links at the top lead to each of them."""
    found = [attrs["id"] for tag, attrs in read.elements if tag == "section"]
    links = [attrs["href"] for tag, attrs in read.elements if tag == "a" and attrs["href"].startswith("#")]
    assert [link[1:] for link in links[: len(found)]] == found
    return found


def test_page_with_all_groups(whole_page: str) -> None:
    read = Page(whole_page)
    assert read.open == []
    assert sections(read) == [*BEFORE, *(section.name for section in SECTIONS), *AFTER]
    assert {attrs["id"] for tag, attrs in read.elements if tag == "figure"} == {f"figure-{name}" for name in DRAWINGS}
    names = read.values("id")
    assert len(names) == len(set(names))
    references = [value[1:] for value in read.values("href") if value.startswith("#")]
    references += urls([*read.values("clip-path"), *read.values("style"), *read.values("fill")])
    assert set(references) <= set(names)
    assert set(read.values("aria-describedby")) <= set(names)
    assert "script" not in {tag for tag, _ in read.elements}
    assert read.text.replace(" ", "").count(HARD_LAYERS[0].replace(" ", "")) >= 5
    for term in ("Simple match and decomposition", "Stability", "Chance", "Match of all networks"):
        assert term in read.text
    for term in ("Correlation and partners one to one", "Miller and Madow", "Sparse prediction", "spectral clustering"):
        assert term in read.text
    images = [attrs["href"] for tag, attrs in read.elements if tag == "image"]
    assert len(images) > 30
    assert all(image.startswith("data:image/png;base64,") for image in images)
    tables = [attrs for tag, attrs in read.elements if tag == "table"]
    assert len([attrs for attrs in tables if "aria-describedby" in attrs]) == 15


@pytest.mark.usefixtures("without_drawings")
def test_saved_results_of_all_groups_give_the_same_page(whole: DataTree, tmp_path: Path) -> None:
    """Their figures are those of `test_figures.test_files_are_the_same_each_time`."""
    build(whole, tmp_path / "made.html")
    whole.to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    build(load_datatree(tmp_path / "results.nc", engine="h5netcdf"), tmp_path / "saved.html")
    assert (tmp_path / "saved.html").read_bytes() == (tmp_path / "made.html").read_bytes()


@pytest.mark.usefixtures("without_drawings")
@pytest.mark.parametrize("group", OPTIONAL)
def test_a_section_is_there_only_with_its_group(group: str, make: Callable[..., DataTree], tmp_path: Path) -> None:
    only = make(layers=("a",), epsilons=(0.5,), networks=("0", "1"), epochs=None, samples=0)
    only[group] = add_groups(only, slots=4, draws=2, epochs=(0, 1))[group].copy()
    read = read_page(only, tmp_path)
    both = ["both_papers"] if group in ("one_to_one", "sparse_prediction", "clusters") else []
    assert [name for name in sections(read) if name not in WITHOUT_GROUPS] == [group, *both]
    optional = next(section.optional for section in SECTIONS if section.name == group)
    needed = min({*map(str, only[group].data_vars)} - optional)
    only[group] = DataTree(only[group].to_dataset(inherit=False).drop_vars(needed))
    with pytest.raises(InputError, match=f"the group '{group}' of these results lacks {needed}"):
        build(only, tmp_path / "partial.html")
    assert not (tmp_path / "partial.html").exists()


@pytest.mark.usefixtures("without_drawings")
def test_groups_that_were_not_computed(make: Callable[..., DataTree], tmp_path: Path) -> None:
    read = read_page(not_computed(make(layers=("a", "b"), networks=("0", "1"), epochs=None)), tmp_path)
    assert sections(read) == [*BEFORE, *(section.name for section in SECTIONS), *AFTER]
    for text in ("Nothing matches, or nothing was", "Nothing was compared with chance", "Neither angles nor stable"):
        assert text in read.text
    for text in ("No two layers were compared", "No checkpoint was compared", "No units were aligned one to one"):
        assert text in read.text
    for text in ("nothing can be compared", "No images were looked for", "there is nothing to put side by side"):
        assert text in read.text
    assert " nan" not in read.text


def test_rows_of_tables_are_as_wide_as_their_heads(whole_page: str) -> None:
    tables = re.findall(r"<table aria-describedby.*?</table>", whole_page, re.DOTALL)
    assert len(tables) == 15
    assert "rowspan" in "".join(tables)
    for table in tables:
        widths: set[int] = set()
        held: dict[int, int] = {}
        for index, row in enumerate(re.findall(r"<tr>.*?</tr>", table, re.DOTALL)):
            width = held.pop(index, 0)
            for cell in re.findall(r"<t[hd][^>]*>", row):
                spans = dict(re.findall(r'(colspan|rowspan)="(\d+)"', cell))
                across, down = int(spans.get("colspan", 1)), int(spans.get("rowspan", 1))
                width += across
                for below in range(index + 1, index + down):
                    held[below] = held.get(below, 0) + across
            widths.add(width)
        assert len(widths) == 1, table[:200]
        assert not held


def test_names_of_users_are_text(page: Callable[..., Page]) -> None:
    hostile = ("<script>alert(1)</script>", '" onload="alert(2)', "{{ 7 * 7 }}", "--><u>", "$x_1$")
    warnings = ["</style><u>", "layer conv1 has 40 samples"]
    read = page(layers=hostile, networks=("<i>0</i>", "1"), title="<h1>T</h1>", warnings=json.dumps(warnings))
    assert not {"script", "u", "i"} & {tag for tag, _ in read.elements}
    assert all(name in read.text for name in [*hostile, *warnings, "<i>0</i>", "<h1>T</h1>", "2 warnings"])
    assert "warnings" in read.values("class")


@pytest.mark.usefixtures("without_drawings")
def test_comparison_of_files_with_few_samples(make: Callable[..., DataTree], tmp_path: Path) -> None:
    results = make(layers=("a", "b"), networks=("a.npz", "b.npz"), redraws=1, samples=0, epochs=None, accuracy=False)
    results["similarity/samples"][0] = 20
    results.attrs = {}
    build(results, tmp_path / "made.html")
    read = Page((tmp_path / "made.html").read_text(encoding="utf-8"))
    assert "no record of training and no accuracy" in read.text
    assert "No minimal matches were sampled" in read.text
    assert "a.npz-b.npz" in read.text
    assert read.values("class").count("low") == 1
    assert "Comparison of representations" in read.text
    assert "Configuration" not in read.text

    results.to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    build(load_datatree(tmp_path / "results.nc", engine="h5netcdf"), tmp_path / "saved.html")
    assert (tmp_path / "saved.html").read_bytes() == (tmp_path / "made.html").read_bytes()


def test_of_very_many_layers_some_are_drawn_and_listed(
    make: Callable[..., DataTree], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jaxrepsim.report.results.MOST_LAYERS", 3)
    layers = tuple(f"layer{index}" for index in range(1001))
    results = make(layers=layers, networks=("0", "1"), redraws=1, samples=0, epochs=None, accuracy=False, units=2)
    read = read_page(results, tmp_path)
    assert "show 3 of 1,001 layers, evenly spaced" in " ".join(read.text.split())
    assert "layer500" in read.text
    assert "layer499" not in read.text
    assert len(write_figures(results, tmp_path, formats=("svg",))) == 3


def test_each_figure_is_written_beside_the_page_in_every_format(make: Callable[..., DataTree], tmp_path: Path) -> None:
    results = make(layers=("$a$",), epsilons=(0.5,), networks=("0", "1"), epochs=None, accuracy=False, samples=0)
    build(results, tmp_path / "alone.html")
    build(results, tmp_path / "report.html", figures=tmp_path / "its figures")
    alone, beside = ((tmp_path / name).read_text(encoding="utf-8") for name in ("alone.html", "report.html"))
    for name in ALWAYS:
        figure = beside.split(f'<figure id="figure-{name}">')[1].split("</figure>")[0]
        assert re.findall('<a href="(.*?)">(.*?)</a>', figure) == [
            (f"its%20figures/{name}.{kind}", kind.upper()) for kind in ("svg", "pdf", "png")
        ]
        for kind, start in (("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG")):
            assert (tmp_path / "its figures" / f"{name}.{kind}").read_bytes().startswith(start)
    assert re.sub(r' <a href="its%20figures/.*?</a>', "", beside) == alone


def test_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lack"):
        build(DataTree(), tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_inline_svg_follows_the_page() -> None:
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, 1], color="#0072b2")
    area = Area(0.25, 0.5, 0.5, 0.25, "a < b\nc: 1")
    text = inline(drawn(figure), "one-", {"#0072b2": "#ffffff"}, [area])
    assert "stroke: var(--fig-0072b2, #0072b2)" in text
    assert 'id="one-' in text
    assert not re.search(r'href="#(?!one-)|url\(#(?!one-)', text)
    assert "<style" not in text
    assert "<metadata" not in text
    assert (
        '<rect class="area" x="18.00" y="36.00" width="36.00" height="18.00"><title>a &lt; b\nc: 1</title></rect>'
        in text
    )
