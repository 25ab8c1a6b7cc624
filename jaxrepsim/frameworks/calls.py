"""Calls of modules, seen while they run: for frameworks that have no hooks."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def calls_seen(paths: Mapping[int, str], classes: Iterable[type], seen: Callable[[str, Any], Any]) -> Iterator[None]:
    """Has every call of some modules pass by.

    Args:
        paths: For each module, by its id, its path.
        classes: Their types: Python finds `__call__` there, so it is there that it is replaced while the block runs.
        seen: `seen(path, output)` gives what the call shall return. A method that calls that of its base class is one
            call.
    """
    running: set[int] = set()
    before: list[tuple[type, Any]] = []

    def replaced(kind: type) -> Any:
        own_or_inherited = next(vars(base)["__call__"] for base in kind.__mro__ if "__call__" in vars(base))

        def seeing(self: Any, *args: Any, **kwargs: Any) -> Any:
            bound = own_or_inherited.__get__(self, kind)
            if id(self) not in paths or id(self) in running:
                return bound(*args, **kwargs)
            running.add(id(self))
            try:
                output = bound(*args, **kwargs)
            finally:
                running.discard(id(self))
            return seen(paths[id(self)], output)

        return seeing

    replacing = [(kind, replaced(kind)) for kind in dict.fromkeys(classes) if "__call__" in dir(kind)]
    try:
        for kind, seeing in replacing:
            before.append((kind, vars(kind).get("__call__")))
            type.__setattr__(kind, "__call__", seeing)
        yield
    finally:
        for kind, call in before:
            if call is None:
                type.__delattr__(kind, "__call__")
            else:
                type.__setattr__(kind, "__call__", call)
