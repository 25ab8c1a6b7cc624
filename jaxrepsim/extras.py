"""What `pip install jaxrepsim` alone does not bring: one place that says which extra does.

The core needs jax and numpy. Everything else is imported where it is used, or comes lazily with the names that need it.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from jaxrepsim.errors import MissingPackageError


@contextmanager
def needs(extra: str, what: str) -> Iterator[None]:
    """Says what to install where an import in the block finds a package missing.

    Args:
        extra: The extra of this package that brings it.
        what: What it is needed for, in the user's words: the beginning of the message.

    Raises:
        MissingPackageError: A package is missing. A missing module of jaxrepsim itself is left as it is.

    >>> with needs("plots", "the report page"):
    ...     import a_package_that_is_not_there
    Traceback (most recent call last):
    jaxrepsim.errors.MissingPackageError: the report page needs a_package_that_is_not_there, which is not installed: pip
    install "jaxrepsim[plots]"
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "jaxrepsim").partition(".")[0]
        if package == "jaxrepsim":
            raise
        raise _missing(extra, what, package) from error


def check(extra: str, what: str, *packages: str) -> None:
    """Says what to install, before any work is done, without importing what takes seconds.

    Args:
        extra: The extra of this package that brings the packages.
        what: What they are needed for, in the user's words.
        packages: Names that are imported.

    Raises:
        MissingPackageError: One of them is missing.

    >>> check("experiments", "everything", "jax", "numpy")
    """
    for package in packages:
        if find_spec(package) is None:
            raise _missing(extra, what, package)


def lazily(module: str, extra: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a module some of whose names need an extra: imported when first asked for.

    Args:
        module: Its `__name__`.
        extra: What those names need.
        places: For each of them the module that defines it.

    Returns:
        Both functions; what they raise is an `AttributeError` for other names, and `MissingPackageError`.
    """
    home = sys.modules[module]

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        with needs(extra, f"{module}.{name}"):
            return getattr(import_module(places[name]), name)

    return get, lambda: sorted({*vars(home), *places})


def _missing(extra: str, what: str, package: str) -> MissingPackageError:
    advice = f'{what} needs {package}, which is not installed: pip install "jaxrepsim[{extra}]"'
    return MissingPackageError(advice, name=package)
