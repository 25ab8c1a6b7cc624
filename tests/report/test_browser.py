"""The page in a real browser: everything has a size, nothing is wider than the screen, nothing complains."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
from xarray import Dataset

from jaxrepsim.report import build
from tests.report.groups import add_groups

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (400, 1280)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--enable-logging=stderr",
    "--dump-dom",
]

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")

# Frames of a given width stand for screens: a headless window has a smallest width of its own.
WRAPPER = """<!DOCTYPE html><html><body>{frames}<script>
const size = element => {{ const box = element.getBoundingClientRect(); return [box.width, box.height]; }};
const measure = frame => {{
  const page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
  const shown = svg => svg.getBoundingClientRect().width > 0;
  return {{
    title: page.title, width: root.clientWidth, scrollWidth: root.scrollWidth,
    sections: [...page.querySelectorAll("section")].map(part => [part.id, ...size(part)]),
    figures: [...page.querySelectorAll("figure")].map(figure => {{
      const drawings = [...figure.querySelectorAll("svg")].filter(shown);
      return {{ id: figure.id, sizes: drawings.map(size), marks: drawings[0].querySelectorAll("path, use").length,
        ink: view.getComputedStyle(drawings[0].querySelector("path[style*='--fig-1b1f24']")).stroke,
        caption: size(figure.querySelector("figcaption")) }};
    }}),
    background: view.getComputedStyle(page.body).backgroundColor,
    scripts: page.scripts.length,
  }};
}};
window.onload = () => {{
  console.error("canary");
  const measured = [...document.querySelectorAll("iframe")].map(measure);
  const text = JSON.stringify(measured);
  document.body.replaceChildren(Object.assign(document.createElement("pre"), {{ textContent: text }}));
}};
</script></body></html>"""


def look(folder: Path, pages: list[str], *flags: str) -> tuple[list[dict[str, Any]], list[str]]:
    """Opens each page at each width; gives what was measured, and the lines of the browser's console."""
    frames = [
        f'<iframe style="border: 0; width: {width}px; height: 900px" srcdoc="{escape(page)}"></iframe>'
        for page in pages
        for width in WIDTHS
    ]
    (folder / "wrapper.html").write_text(WRAPPER.format(frames="".join(frames)), encoding="utf-8")
    command = [
        str(BROWSER),
        *FLAGS,
        *flags,
        f"--user-data-dir={folder / 'profile'}",
        (folder / "wrapper.html").as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search("<pre>(.*)</pre>", done.stdout, re.DOTALL)
    assert found, done.stderr
    return json.loads(unescape(found[1])), [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module")
def pages(make_page: Callable[..., str]) -> list[str]:
    """The usual case; names that are hard to lay out; a comparison of files; all groups, with names that are hard."""
    names = ("<script>document.title = 'run'</script>", "a" * 120, "features.block.conv." * 6, "$x$")
    return [
        make_page(),
        make_page(layers=names, networks=("long name " * 6, "1", "2"), epsilons=(0.2, 0.5), title="b" * 90),
        make_page(layers=("a",), networks=("x/" * 40, "y"), redraws=1, samples=0, epochs=None, accuracy=False),
        make_page(groups=True, layers=names, networks=("long name " * 6, "1", "2"), epsilons=(0.2, 0.5)),
    ]


@pytest.fixture(scope="module")
def make_page(tmp_path_factory: pytest.TempPathFactory, make: Callable[..., Dataset]) -> Callable[..., str]:
    """Builds a page and gives its text."""

    def built(groups: bool = False, **shape) -> str:
        path = tmp_path_factory.mktemp("page") / "report.html"
        build(add_groups(make(**shape)) if groups else make(**shape), path)
        return path.read_text(encoding="utf-8")

    return built


def test_pages_in_a_browser(pages: list[str], tmp_path: Path) -> None:
    seen, console = look(tmp_path, pages)
    assert len(console) == 1, console
    assert "canary" in console[0]
    for index, page in enumerate(seen):
        narrow = WIDTHS[index % 2] == 400
        assert page["width"] == WIDTHS[index % 2]
        assert page["scrollWidth"] <= page["width"]
        assert page["scripts"] == 0
        assert page["title"] != "run"
        assert len(page["sections"]) == (20 if index >= 6 else 8)
        assert all(width > 300 and height > 40 for _, width, height in page["sections"])
        assert len(page["figures"]) == (5, 5, 3, 21)[index // 2]
        for figure in page["figures"]:
            ((width, height),) = figure["sizes"]  # one of the two drawings shows
            assert 350 < width < 400 if narrow else 800 < width < 1000
            assert height > 100
            assert figure["marks"] > 50
            assert figure["caption"][1] > 20
            assert figure["ink"] == "rgb(27, 31, 36)"


def test_dark_scheme(pages: list[str], tmp_path: Path) -> None:
    seen, console = look(tmp_path, [pages[0], pages[3]], "--blink-settings=preferredColorScheme=0")
    assert len(console) == 1, console
    for page in seen:
        assert page["background"] == "rgb(22, 25, 29)"
        assert {figure["ink"] for figure in page["figures"]} == {"rgb(232, 234, 237)"}
