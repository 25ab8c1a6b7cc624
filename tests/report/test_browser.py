"""The page in a real browser: everything has a size, nothing is wider than the screen, nothing complains."""

import json
import re
import subprocess
from collections.abc import Callable
from html import escape, unescape
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from xarray import DataTree

from jaxrepsim.report import SECTIONS, build
from tests.browser import BROWSER, FLAGS
from tests.report.test_figures import DRAWINGS

WIDTHS = (400, 1280)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed")

# Frames of a given width stand for screens: a headless window has a smallest width of its own.
WRAPPER = """<!DOCTYPE html><html><body>{frames}<script>
const size = element => {{ const box = element.getBoundingClientRect(); return [box.width, box.height]; }};
const pointed = (page, area) => {{
  area.scrollIntoView({{ behavior: "instant" }});
  const box = area.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2;
  return page.elementFromPoint(x, y) === area && area.textContent;
}};
// As by keyboard: the summary takes the focus, and what is done there opens the table.
const opened = (page, summary) => {{
  summary.focus();
  const reached = page.activeElement === summary, details = summary.parentElement;
  summary.click();
  const [width, height] = size(details.querySelector("table"));
  const found = reached && details.open && width > 50 && height > 20;
  summary.click();
  return found;
}};
const measure = frame => {{
  const page = frame.contentDocument, view = frame.contentWindow, root = page.documentElement;
  const shown = svg => svg.getBoundingClientRect().width > 0;
  return {{
    title: page.title, width: root.clientWidth, scrollWidth: root.scrollWidth,
    sections: [...page.querySelectorAll("section")].map(part => [part.id, ...size(part)]),
    figures: [...page.querySelectorAll("figure")].map(figure => {{
      const drawings = [...figure.querySelectorAll("svg")].filter(shown), whole = drawings[0].getBoundingClientRect();
      const outside = text => {{ const box = text.getBoundingClientRect(); return box.left < whole.left - 2
        || box.right > whole.right + 2 || box.top < whole.top - 2 || box.bottom > whole.bottom + 2; }};
      const area = drawings[0].querySelector(".area"), summary = figure.querySelector("summary");
      const texts = [...drawings[0].querySelectorAll("text")];
      return {{ texts: texts.length, outside: texts.filter(outside).map(text => text.textContent),
        pointed: area ? pointed(page, area) : null, opened: summary ? opened(page, summary) : null, id: figure.id,
        sizes: drawings.map(size), marks: drawings[0].querySelectorAll("path, use").length,
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


class Frame(NamedTuple):
    """A page as one reader sees it, and what it must hold."""

    width: int
    scheme: str
    page: str
    sections: int
    figures: int


def look(folder: Path, frames: list[Frame]) -> tuple[list[dict[str, Any]], list[str]]:
    """Opens pages side by side; gives what was measured of each, and the lines of the browser's console."""
    elements = [
        f'<iframe style="border: 0; width: {frame.width}px; height: 900px; color-scheme: {frame.scheme}" '
        f'srcdoc="{escape(frame.page)}"></iframe>'
        for frame in frames
    ]
    (folder / "wrapper.html").write_text(WRAPPER.format(frames="".join(elements)), encoding="utf-8")
    command = [
        str(BROWSER),
        *FLAGS,
        "--dump-dom",
        f"--user-data-dir={folder / 'profile'}",
        (folder / "wrapper.html").as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    found = re.search("<pre>(.*)</pre>", done.stdout, re.DOTALL)
    assert found, done.stderr
    return json.loads(unescape(found[1])), [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.fixture(scope="module")
def seen(
    whole_page: str, make: Callable[..., DataTree], tmp_path_factory: pytest.TempPathFactory
) -> dict[Frame, dict[str, Any]]:
    """A comparison of files, and all groups with names that are hard to lay out, in one browser."""
    folder = tmp_path_factory.mktemp("page")
    compared = {"networks": ("x/" * 40, "y"), "redraws": 1, "samples": 0, "epochs": None, "accuracy": False}
    build(make(layers=("a",), title="b" * 90, **compared), folder / "report.html")
    files = (folder / "report.html").read_text(encoding="utf-8")
    pages = [(files, 6, 3), (whole_page, 3 + len(SECTIONS), len(DRAWINGS))]
    frames = [Frame(width, scheme, *page) for page in pages for width in WIDTHS for scheme in ("light", "dark")]
    measured, console = look(folder, frames)
    assert len(console) == 1, console
    assert "canary" in console[0]
    return dict(zip(frames, measured, strict=True))


def test_pages_in_a_browser(seen: dict[Frame, dict[str, Any]]) -> None:
    for frame, page in seen.items():
        assert page["width"] == frame.width
        assert page["scrollWidth"] <= page["width"]
        assert page["scripts"] == 0
        assert page["title"] != "run"
        assert len(page["sections"]) == frame.sections
        assert all(width > 300 and height > 40 for _, width, height in page["sections"])
        assert len(page["figures"]) == frame.figures
        for figure in page["figures"]:
            ((width, height),) = figure["sizes"]  # one of the two drawings shows
            assert 350 < width < 400 if frame.width == 400 else 800 < width < 1000
            assert height > 100
            assert figure["marks"] > 10
            assert figure["caption"][1] > 20
            assert figure["texts"]
            assert not figure["outside"]


def test_values_are_told_where_pointed_at_and_listed_for_the_keyboard(seen: dict[Frame, dict[str, Any]]) -> None:
    for frame, page in seen.items():
        known = {figure["id"].removeprefix("figure-"): figure for figure in page["figures"]}
        for name in {"similarity-by-depth", "match-profiles", "chance", "across-layers"} & known.keys():
            assert known[name]["opened"]
            # A narrow screen is touched, and shows the figure of one column.
            assert (known[name]["pointed"] is None) == (frame.width < 1000)
            if frame.width > 1000:
                assert known[name]["pointed"]
        if frame.width > 1000:
            assert "\nε = 0.2: 0." in known["similarity-by-depth"]["pointed"]


def test_pages_follow_the_scheme_of_the_reader(seen: dict[Frame, dict[str, Any]]) -> None:
    colors = {"light": ("rgb(255, 255, 255)", "rgb(27, 31, 36)"), "dark": ("rgb(22, 25, 29)", "rgb(232, 234, 237)")}
    for frame, page in seen.items():
        background, ink = colors[frame.scheme]
        assert page["background"] == background
        assert {figure["ink"] for figure in page["figures"]} == {ink}
