"""What is installed: the files of the wheel, what it depends on, and that every package is said where it is used."""

import ast
import json
import re
import sys
import tarfile
import tomllib
from importlib import import_module
from pathlib import Path
from zipfile import ZipFile

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from jaxrepsim.errors import InputError, MissingPackageError
from jaxrepsim.extras import check, needs

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]

DISTRIBUTIONS = {
    "PIL": "pillow",
    "absl": "grain",
    "etils": "tensorflow-datasets",
    "google": "tensorflow-datasets",  # protobuf
    "markupsafe": "jinja2",
    "pysat": "python-sat",
    "sklearn": "scikit-learn",
    "tensorflow_datasets": "tensorflow-datasets",
}
"""Where a package that is imported is of a distribution of another name, or comes with it for its own functions."""
BRINGS = {
    "cli.py": "experiments",
    "comparison": "plots",
    "data": "data",
    "exit_status.py": "experiments",
    "models": "models",
    "notebook_figure.py": "plots",
    "output.py": "experiments",
    "pipeline": "experiments",
    "progress_bars.py": "experiments",
    "report": "plots",
    "training": "models",
    "validity": "measures",
}
"""The extra that a folder or file needs as a whole: who comes there has it, or was told by those that lead there."""
OF_THE_MODEL = {"equinox", "flax", "torch"}
"""In `frameworks/`: who gives a model has its framework."""
TO_CHECK = {"jaxtyping"}


def packages_of(extra: str | None) -> set[str]:
    """The distributions that an extra brings, with those of the extras in it and of the core."""
    found = {re.split(r"[\[<>=]", line)[0] for line in PROJECT["dependencies"]}
    for line in EXTRAS[extra] if extra else ():
        inner = re.fullmatch(r"jaxrepsim\[(.+)\]", line)
        for name in inner[1].split(",") if inner else ():
            found |= packages_of(name)
        found |= set() if inner else {re.split(r"[\[<>=]", line)[0]}
    return found


def imports_of(tree: ast.AST, extra: str | None):
    """Each package of others that is imported, with the extra that it is said to come with there."""
    for node in ast.iter_child_nodes(tree):
        inner = extra
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.With):
            calls = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call)]
            said = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "needs"]
            inner = said[0].value if said and isinstance(said[0], ast.Constant) else extra
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        for name in names:
            if (package := name.partition(".")[0]) not in {*sys.stdlib_module_names, "jaxrepsim"}:
                yield package, inner
        yield from imports_of(node, inner)


def test_every_import_is_of_what_the_core_or_the_extra_that_is_said_brings():
    wrong = set()
    for path in (ROOT / "jaxrepsim").rglob("*.py"):
        place = path.relative_to(ROOT / "jaxrepsim")
        for package, extra in imports_of(ast.parse(path.read_text(encoding="utf-8")), BRINGS.get(place.parts[0])):
            allowed = packages_of(extra) | TO_CHECK | (OF_THE_MODEL if place.parts[0] == "frameworks" else set())
            if DISTRIBUTIONS.get(package, package) not in allowed:
                wrong.add((str(place), package, extra))
    assert not wrong


def test_the_core_depends_on_jax_and_numpy_alone():
    assert packages_of(None) == {"jax", "jaxlib", "numpy"}


def test_the_command_line_has_all_that_others_have():
    assert packages_of("experiments") >= {
        each for name in ("data", "decomposition", "measures", "models", "plots") for each in packages_of(name)
    }


def test_what_is_missing_is_said_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    message = r'^a graph needs networkx, which is not installed: pip install "jaxrepsim\[decomposition\]"$'
    with pytest.raises(MissingPackageError, match=message) as caught, needs("decomposition", "a graph"):
        import_module("networkx")
    assert caught.value.name == "networkx"
    assert isinstance(caught.value, InputError)
    assert isinstance(caught.value, ModuleNotFoundError)
    with pytest.raises(MissingPackageError, match=message):
        check("decomposition", "a graph", "jax", "networkx")


def test_a_missing_module_of_the_package_itself_is_no_matter_of_extras():
    with pytest.raises(ModuleNotFoundError) as caught, needs("plots", "everything"):
        import_module("jaxrepsim.no_such_module")
    assert not isinstance(caught.value, InputError)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The archive of the sources, and two wheels: of the clone, and of that archive."""
    place = tmp_path_factory.mktemp("built")
    (archive,) = SdistBuilder(str(ROOT)).build(directory=str(place), versions=["standard"])
    with tarfile.open(archive) as file:
        file.extractall(place / "unpacked", filter="data")
    (unpacked,) = (place / "unpacked").iterdir()
    wheels = []
    for name, root in (("of_clone", ROOT), ("of_sources", unpacked)):
        (wheel,) = WheelBuilder(str(root)).build(directory=str(place / name), versions=["standard"])
        wheels.append(ZipFile(wheel))
    return wheels


def files_in(folder: str) -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_the_wheel_holds_templates_configs_and_the_mark_of_types(built):
    names = set(built[0].namelist())
    expected = files_in("jaxrepsim") | {f"jaxrepsim/{name}" for name in files_in("configs")}
    assert {name for name in names if ".dist-info/" not in name} == expected
    wanted = ("py.typed", "configs/smoke.py", "report/template.html", "report/page.css", "report/sections/joint.html")
    assert {f"jaxrepsim/{name}" for name in wanted} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_archive_of_the_sources_makes_the_same_wheel(built):
    of_clone, of_sources = ({name: wheel.read(name) for name in wheel.namelist()} for wheel in built)
    assert of_sources == of_clone


def test_one_version_everywhere():
    version = PROJECT["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest, date = re.findall(r"^## (\d\S*) \((\d{4}-\d{2}-\d{2})\)$", changelog, re.MULTILINE)[0]
    assert newest == version
    assert re.findall(r"^version: (.+)$", citation, re.MULTILINE) == [version]
    assert re.findall(r'^date-released: "(.+)"$', citation, re.MULTILINE) == [date]
    assert json.loads((ROOT / ".zenodo.json").read_text(encoding="utf-8"))["version"] == version
