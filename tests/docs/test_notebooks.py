"""The notebooks in docs/notebooks: kept without results, and right when they are executed.

The test of the site executes them when it builds it; here they are executed only for those who change them.
"""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def name_of(path: Path) -> str:
    return path.stem


def cells(path: Path, kind: str) -> list[dict]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def test_which_there_are():
    expected = ["calibration_and_chance", "first_comparison", "reading_a_profile", "your_own_network"]
    assert list(map(name_of, NOTEBOOKS)) == expected


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_no_results_are_stored(path):
    code = cells(path, "code")
    assert code
    for cell in code:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
    assert json.loads(path.read_text(encoding="utf-8"))["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_links_to_other_notebooks_lead_somewhere(path):
    text = "\n".join("".join(cell["source"]) for cell in cells(path, "markdown"))
    linked = re.findall(r"\]\(([^)\s]+)\)", text)
    assert linked
    assert all((FOLDER / target).exists() for target in linked)


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_it_does_what_it_says(path, tmp_path):
    """Its own assertions hold, and it shows no warning but that of few samples, where its words are about that."""
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(notebook, timeout=600, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    warned = re.findall(r"\w+Warning", "".join(output.text for output in outputs if output.get("name") == "stderr"))
    assert set(warned) == ({"FewSamplesWarning"} if path.stem == "calibration_and_chance" else set())
