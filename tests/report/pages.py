"""Pages as tests read them."""

import re
from html.parser import HTMLParser
from pathlib import Path

from xarray import DataTree

from jaxrepsim.report import build

VOID = {"meta", "link", "br", "wbr", "img", "hr", "input"}


class Page(HTMLParser):
    """What a page holds: elements with their attributes, the text that shows, and whether all elements are closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.goes_on = False  # after a place where a word may be broken
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self.goes_on = tag == "wbr"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(self.words.pop() + data if self.goes_on else data)
        self.goes_on = False

    @property
    def text(self) -> str:
        """The text that shows."""
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str) -> list[str]:
        """All values of one attribute."""
        return [attrs[attribute] for _, attrs in self.elements if attribute in attrs]


def read_page(results: DataTree, folder: Path) -> Page:
    """The page of these results."""
    build(results, folder / "report.html")
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def urls(values: list[str]) -> list[str]:
    """Ids that values refer to as `url(#id)`."""
    return [name for value in values for name in re.findall(r"url\(#([^)]*)\)", value)]
