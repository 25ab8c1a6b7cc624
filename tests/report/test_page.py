"""The page as a file: it holds everything, runs nothing, and shows names as they are."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
import xarray
from matplotlib.figure import Figure
from xarray import Dataset

from jaxrepsim.errors import InputError
from jaxrepsim.report import build
from jaxrepsim.report.svg import inline

SECTIONS = ["compared", "networks", "depth", "profiles", "minimal", "layers", "method", "reproducibility"]
VOID = {"meta", "link", "br", "wbr", "img", "hr", "input"}


class Page(HTMLParser):
    """What a page holds: elements with their attributes, the text that shows, and whether all elements are closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        """The text that shows."""
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str) -> list[str]:
        """All values of one attribute."""
        return [attrs[attribute] for _, attrs in self.elements if attribute in attrs]


@pytest.fixture
def page(make: Callable[..., Dataset], tmp_path: Path) -> Callable[..., Page]:
    """Builds a page of a small comparison and reads it; by default without training, accuracy and samples."""

    def built(**shape) -> Page:
        small = {"layers": ("conv1", "fc1"), "epsilons": (0.5,), "epochs": None, "accuracy": False, "samples": 0}
        build(make(**(small | shape)), tmp_path / "report.html")
        return Page((tmp_path / "report.html").read_text(encoding="utf-8"))

    return built


def test_page_holds_everything_and_asks_for_nothing(page: Callable[..., Page]) -> None:
    read = page(epsilons=(0.2, 0.5), epochs=3, accuracy=True, samples=4)
    assert read.open == []
    assert [attrs["id"] for tag, attrs in read.elements if tag == "section"] == SECTIONS
    figures = [attrs["id"] for tag, attrs in read.elements if tag == "figure"]
    assert figures == ["training", "similarity-by-depth", "match-profiles", "profile-heatmap", "minimal-matches"]
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


def urls(values: list[str]) -> list[str]:
    """Ids that values refer to as `url(#id)`."""
    return [name for value in values for name in re.findall(r"url\(#([^)]*)\)", value)]


def test_names_of_users_are_text(page: Callable[..., Page]) -> None:
    hostile = ("<script>alert(1)</script>", '" onload="alert(2)', "{{ 7 * 7 }}", "--><u>", "$x_1$")
    warnings = ["</style><u>", "layer conv1 has 40 samples"]
    read = page(layers=hostile, networks=("<i>0</i>", "1"), title="<h1>T</h1>", warnings=json.dumps(warnings))
    assert not {"script", "u", "i"} & {tag for tag, _ in read.elements}
    assert all(name in read.text for name in [*hostile, *warnings, "<i>0</i>", "<h1>T</h1>", "2 warnings"])
    assert "warnings" in read.values("class")


def test_comparison_of_files_with_few_samples(make: Callable[..., Dataset], tmp_path: Path) -> None:
    results = make(layers=("a", "b"), networks=("a.npz", "b.npz"), redraws=1, samples=0, epochs=None, accuracy=False)
    results["samples"][0] = 20
    build(results.drop_attrs(), tmp_path / "made.html")
    read = Page((tmp_path / "made.html").read_text(encoding="utf-8"))
    assert "no record of training and no accuracy" in read.text
    assert "No minimal matches were sampled" in read.text
    assert "a.npz-b.npz" in read.text
    assert read.values("class").count("low") == 1
    assert "Comparison of representations" in read.text
    assert "Configuration" not in read.text

    results.to_netcdf(tmp_path / "results.nc", engine="h5netcdf")
    with xarray.open_dataset(tmp_path / "results.nc", engine="h5netcdf") as saved:
        build(saved.drop_attrs(), tmp_path / "saved.html")
    assert (tmp_path / "saved.html").read_bytes() == (tmp_path / "made.html").read_bytes()


def test_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lack"):
        build(Dataset(), tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_inline_svg_follows_the_page() -> None:
    figure = Figure(figsize=(1, 1))
    figure.subplots().plot([0, 1], color="#0072b2")
    text = inline(figure, "one-", {"#0072b2": "#ffffff"})
    assert "stroke: var(--fig-0072b2, #0072b2)" in text
    assert 'id="one-' in text
    assert not re.search(r'href="#(?!one-)|url\(#(?!one-)', text)
    assert "<style" not in text
    assert "<metadata" not in text
