"""What settings name as `module:attribute`, in the user's own code."""

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from jaxrepsim.errors import InputError, nearest, unknown

_REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def is_reference(name: str) -> bool:
    """Whether a name is of the form `module:attribute`.

    >>> is_reference("my_package.nets:MyNet"), is_reference("mnist:3.0.1"), is_reference("vgg11")
    (True, False, False)
    """
    return _REFERENCE.fullmatch(name) is not None


def importable(folder: Path) -> None:
    """Lets modules in a folder be imported, after all that can be imported already.

    A script that pip installs has not even the current folder on Python's path.
    """
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.append(place)


def resolve(reference: str) -> Any:
    """Imports what a reference names; modules in the current folder can be imported too. This runs the module's code.

    Args:
        reference: `module:attribute`, the module with its packages: `my_package.nets:MyNet`.

    Returns:
        The attribute.

    Raises:
        InputError: There is no such module or attribute (the message has the nearest), or importing it failed.

    >>> resolve("math:sqrt")(4.0)
    2.0
    """
    importable(Path.cwd())
    module, _, attribute = reference.partition(":")
    found = _imported(module)
    if not hasattr(found, attribute):
        own = [name for name, value in vars(found).items() if not name.startswith("_") and callable(value)]
        raise unknown(f"name in {found.__file__ or module}:", attribute, own)
    return getattr(found, attribute)


def _imported(module: str) -> ModuleType:
    importlib.invalidate_caches()  # a file may be younger than Python's list of its folder
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module == error.name or module.startswith(f"{error.name}.")):
            raise InputError(f"importing {module!r} failed: {error}") from error
        near = nearest(module, _modules(Path.cwd()))
        hint = f"did you mean {near!r}? " if near else ""
        raise InputError(
            f"there is no module {error.name!r}; {hint}Looked for in {Path.cwd()}, beside the config file, and among "
            "the installed packages"
        ) from error
    except Exception as error:
        raise InputError(f"importing {module!r} failed: {type(error).__name__}: {error}") from error


def _modules(folder: Path) -> list[str]:
    files = sorted(folder.glob("*.py"))
    packages = sorted(path.parent for path in folder.glob("*/__init__.py"))
    inside = [f"{package.name}.{path.stem}" for package in packages for path in sorted(package.glob("*.py"))]
    return [path.stem for path in files] + [path.name for path in packages] + inside
