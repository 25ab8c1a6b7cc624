"""The folders are the data flow: what that means, checked."""

import ast
import subprocess
import sys
from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import jaxrepsim

PACKAGE = Path(jaxrepsim.__file__).parent
ORDER = (
    "numerics",
    "data",
    "frameworks",
    "models",
    "training",
    "compression",
    "activations",
    "matching",
    "decomposition",
    "convergent",
    "measures",
    "chance",
    "validity",
    "report",
    "pipeline",
    "comparison",
)
"""Pipeline order; a folder may import those before it."""
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef)
APART = {
    "numerics": set(),
    "compression": {"numerics"},
    "matching": {"numerics", "compression"},
    "decomposition": {"numerics", "compression", "matching"},
    "measures": {"numerics", "compression", "matching", "convergent"},
    "chance": {"numerics", "compression", "matching", "measures"},
    "validity": {"numerics", "compression", "matching", "measures", "chance"},
    "convergent": {"numerics"},
}
"""These know no model, file or plot: arrays in, NamedTuples out."""


def imported_folders(path: Path) -> set[str]:
    folders = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("jaxrepsim"):
            parts = node.module.split(".")
            folders |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            folders |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("jaxrepsim.")}
    return folders & set(ORDER)


@pytest.mark.parametrize("folder", ORDER)
def test_imports_point_upstream(folder):
    allowed = APART.get(folder, set(ORDER[: ORDER.index(folder)])) | {folder}
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        assert imported_folders(path) <= allowed, path.relative_to(PACKAGE)


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path, modules: Collection[str]) -> set[str]:
    """All of the package that a module imports: also within functions, and for types only."""
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} has a relative import, which this does not follow"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            imported |= {name if name in modules else node.module for name in names}
    return imported & set(modules)


def test_no_modules_import_each_other_in_a_circle():
    paths = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    graph = {module: imported_modules(path, paths) - {module} for module, path in paths.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def test_every_folder_is_in_the_order():
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(ORDER)


def test_importing_the_core_needs_jax_and_numpy_alone():
    """What the pure core is imported with, in a process where everything else cannot be imported."""
    code = """
import sys
import jax
# What JAX has not loaded by itself may not be loaded by us.
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {refused}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import jaxrepsim, jax.numpy as jnp
import jaxrepsim.measures
assert jaxrepsim.maximum_match(jnp.eye(3), jnp.eye(3), 0.1).size == 6
"""
    refused = {
        *("flax", "optax", "orbax", "matplotlib", "tensorflow_datasets", "xarray", "sklearn", "jaxtyping", "beartype"),
        *("safetensors", "tyro", "rich", "msgspec", "h5netcdf", "jinja2", "filelock", "PIL", "importlib_resources"),
        *("pysat", "networkx", "grain", "equinox", "torch", "scipy"),
    }
    subprocess.run([sys.executable, "-c", code.format(refused=refused)], check=True)


def lines_of_code(path: Path) -> int:
    """Those of no docstring, no comment and not empty."""
    text = path.read_text(encoding="utf-8")
    documented = [node.body[0] for node in ast.walk(ast.parse(text)) if isinstance(node, DOCUMENTED) and node.body]
    docstrings = {
        line
        for first in documented
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        for line in range(first.lineno, (first.end_lineno or first.lineno) + 1)
    }
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in docstrings
        for number, line in enumerate(text.splitlines(), start=1)
    )


def test_modules_stay_short():
    assert not {path: n for path in PACKAGE.rglob("*.py") if (n := lines_of_code(path)) > 250}


def test_a_subject_is_named_in_its_two_lists_alone():
    """Adding an analysis changes no other file: neither of the loops over parts and sections knows one by name."""
    subjects = {path.stem for path in (PACKAGE / "report" / "sections").iterdir() if not path.stem.startswith("_")}
    subjects |= {path.stem for path in (PACKAGE / "pipeline" / "parts").glob("[!_]*.py")}
    subjects -= {"similarity", "networks"}  # of these there are always results
    named = set()
    for folder, own in (("report", ("sections", "experiments")), ("pipeline", ("parts",))):
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            place = path.relative_to(PACKAGE / folder)
            if place.parts[0] in own:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                words = [node.value] if isinstance(node, ast.Constant) else []
                words += node.module.split(".") if isinstance(node, ast.ImportFrom) and node.module else []
                words += [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []
                named |= {(str(place), word) for word in words if word in subjects}
    assert not named
