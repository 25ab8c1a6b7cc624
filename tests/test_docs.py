"""The pages in docs/: the tests that they name are there, and so are the sections that they link to."""

import ast
import re
from pathlib import Path

import pytest

from jaxrepsim.measures import MEASURES

ROOT = Path(__file__).parent.parent
AXIOMS = (ROOT / "docs" / "axioms.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CODE = re.compile(r"\b[A-Z]\d\d\b")


def functions(path):
    return {node.name for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_the_axioms_name_exists():
    named = TEST.findall(AXIOMS)
    assert len(named) > 50
    for file, name in named:
        assert name in functions(ROOT / file), f"{file}::{name}"


def test_every_claim_has_its_tests():
    """Each code used in a table is a line of the list of tests, and each of that list is used."""
    tables, listed = AXIOMS.split("## The tests")
    lines = [line for line in listed.splitlines() if line.startswith("| ")][1:]
    defined = [CODE.match(line.removeprefix("| ")) for line in lines]
    codes = [code.group() for code in defined if code]
    assert len(codes) == len(set(codes)) == len(lines)
    assert all(TEST.search(line) for line in lines)
    assert set(CODE.findall(tables)) == set(codes)


def test_every_cell_that_claims_something_names_a_test():
    rows = [line for line in AXIOMS.split("## The tests")[0].splitlines() if line.startswith("| ")]
    assert len(rows) > 40
    for row in rows:
        for cell in row.strip("|").split("|")[1:]:
            claim = cell.strip()
            if claim and claim[0] in "=≤≥∈~≠":
                assert CODE.search(claim), row


PAGES = ["README.md", "CONTRIBUTING.md", *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/**/*.md")))]


def test_every_measure_has_its_section():
    """Definition, what it is blind to, bias, cost, and when to use it."""
    sections = re.split(r"^### ", (ROOT / "docs" / "measures.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    texts = dict(section.split("\n", 1) for section in sections)
    assert set(texts) == set(MEASURES)
    for text in texts.values():
        assert all(f"*{part}" in text for part in ("Definition.", "Blind to", "Use it"))
        assert re.search(r"\*[Bb]ias", text)
        assert re.search(r"\*[Cc]ost", text)


@pytest.mark.parametrize("page", PAGES)
def test_files_that_commands_name_exist(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for name in re.findall(r"\b(?:experiments|configs|benchmarks)/[\w/]+\.(?:py|sh)\b", text):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    path = ROOT / page
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        file, _, section = target.partition("#")
        linked = (path.parent / file) if file else path
        assert linked.exists(), target
        if section:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert section in anchors, target
