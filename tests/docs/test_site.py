"""The site: it builds without a warning, its notebooks are executed without an error, its links lead somewhere, it asks
nothing of other hosts, and it can be read.
"""

import json
import re
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from jaxrepsim.report import SECTIONS
from tests.browser import BROWSER, FLAGS

DOCS = Path(__file__).parents[2] / "docs"
VIEWS = [(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]

# A frame of a given width stands for a screen: a headless window has a smallest width of its own.
READER = """<!DOCTYPE html><html><body><iframe style="border: 0; height: 900px"></iframe><script>
const frame = document.querySelector("iframe");
const seen = page => new Promise(done => { frame.onload = done; frame.src = page; });
(async () => {
  console.error("canary");
  const found = {};
  for (const page of PAGES) {
    frame.style.width = "1280px";
    await seen(page);
    const view = frame.contentWindow, body = frame.contentDocument.body, root = frame.contentDocument.documentElement;
    found[page] = {
      loaded: view.performance.getEntriesByType("resource").map(entry => entry.name),
      views: VIEWS.map(([width, scheme]) => {
        frame.style.width = width + "px";
        frame.style.colorScheme = scheme;
        return {
          width: root.clientWidth, scrollWidth: root.scrollWidth,
          paper: view.getComputedStyle(body).backgroundColor,
          text: body.querySelector("article").getBoundingClientRect().width,
        };
      }),
    };
  }
  fetch("/found", { method: "POST", body: JSON.stringify(found) });
})();
</script></body></html>"""


class Page(HTMLParser):
    """What a page is made of and where it leads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors, self.links, self.loads = set[str](), set[str](), set[str]()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" or given.get("rel") in ("next", "prev", "search", "index"):
            self.links |= {given["href"]} if "href" in given else set()
        else:
            self.loads |= {given[name] for name in ("src", "srcset", "href", "data", "poster") if name in given}


def is_local(address: str) -> bool:
    parts = urlsplit(address)
    return not parts.netloc and parts.scheme in ("", "data")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(DOCS), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_page_of_docs_is_on_the_site(site: Path, pages: dict[Path, Page]) -> None:
    sources = [path for path in DOCS.rglob("*.md") if "_build" not in path.parts]
    assert len(sources) > 30
    for source in sources:
        assert site / source.relative_to(DOCS).with_suffix(".html") in pages


@pytest.mark.parametrize("source", sorted((DOCS / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_show_their_results(site: Path, source: Path) -> None:
    page = (site / "notebooks" / source.with_suffix(".html").name).read_text(encoding="utf-8")
    cells = [cell for cell in json.loads(source.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert len(re.findall(r'class="cell[ "]', page)) == len(cells)
    assert page.count('class="cell_output ') > len(cells) / 2
    assert "<img" in page or "<svg" in page


def test_every_figure_of_the_report_is_in_the_guide(site: Path) -> None:
    guide = (site / "figures.html").read_text(encoding="utf-8")
    for section in SECTIONS:
        for drawing in section.figures:
            assert f"_images/drawings/{drawing.name}-double.png" in guide, drawing.name


def test_local_links_and_anchors_lead_somewhere(pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        for address in page.links | page.loads:
            parts = urlsplit(address)
            if not is_local(address) or parts.scheme == "data":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), (path, address)
            if parts.fragment and target in pages:
                assert unquote(parts.fragment) in pages[target].anchors, (path, address)


def test_nothing_is_loaded_from_another_host(site: Path, pages: dict[Path, Page]) -> None:
    for path, page in pages.items():
        assert all(map(is_local, page.loads)), (path, page.loads)
    for sheet in site.rglob("*.css"):
        addresses = re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]+)", sheet.read_text(encoding="utf-8"))
        assert all(map(is_local, addresses)), (sheet, addresses)


def public_names(module: ModuleType) -> list[str]:
    """Functions and classes that a module gives its users."""
    found = {name: getattr(module, name) for name in dir(module) if not name.startswith("_")}
    return [name for name, value in found.items() if callable(value) and value.__module__.startswith("jaxrepsim")]


def test_every_public_name_is_in_the_api_reference(pages: dict[Path, Page]) -> None:
    """On the page of its module, or on that of another module that gives it too."""
    documented = set[str]().union(*(page.anchors for path, page in pages.items() if path.parent.name == "api"))
    stems = [source.stem for source in (DOCS / "api").glob("*.md") if source.stem != "index"]
    modules = [import_module("jaxrepsim" if stem == "jaxrepsim" else f"jaxrepsim.{stem}") for stem in stems]
    for module in modules:
        names = public_names(module)
        assert names
        for name in names:
            assert {f"{other.__name__}.{name}" for other in modules} & documented, (module.__name__, name)


@pytest.fixture(scope="module")
def seen(site: Path, pages: dict[Path, Page], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each page as four readers see it, in one browser."""
    if BROWSER is None:
        pytest.skip("no Chromium or Chrome is installed")
    read = [f"/{path.relative_to(site)}" for path in pages if "_modules" not in path.parts]
    document = READER.replace("PAGES", json.dumps(read)).replace("VIEWS", json.dumps(VIEWS))
    found, finished = dict[str, Any](), Event()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            if self.path == "/reader":
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(document.encode())
            else:
                super().do_GET()

        def do_POST(self) -> None:
            found.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            finished.set()

    folder = tmp_path_factory.mktemp("browser")
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site))) as server,
        (folder / "console").open("w+", encoding="utf-8") as console,
    ):
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/reader"
        command = [BROWSER, *FLAGS, f"--user-data-dir={folder / 'profile'}", address]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=console)
        try:
            assert finished.wait(180), (folder / "console").read_text(encoding="utf-8")
        finally:
            browser.terminate()
            browser.wait(20)
            server.shutdown()
    lines = [line for line in (folder / "console").read_text(encoding="utf-8").splitlines() if "CONSOLE" in line]
    return {"pages": found, "console": lines}


def test_pages_fit_the_screen_in_light_and_dark(seen: dict[str, Any]) -> None:
    assert len(seen["pages"]) > 30
    for name, page in seen["pages"].items():
        papers = [view["paper"] for view in page["views"]]
        assert papers[0] == papers[2] != papers[1] == papers[3], name
        for (width, _), view in zip(VIEWS, page["views"], strict=True):
            assert view["width"] == width, name
            assert view["scrollWidth"] <= width, (name, width)
            assert view["text"] > 300, name


def test_pages_load_from_one_place_and_complain_of_nothing(seen: dict[str, Any]) -> None:
    assert [line for line in seen["console"] if "canary" not in line] == []
    assert any("canary" in line for line in seen["console"])
    for name, page in seen["pages"].items():
        assert page["loaded"], name
        assert all(address.startswith(("http://127.0.0.1:", "data:")) for address in page["loaded"]), name
