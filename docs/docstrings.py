"""Docstrings of this package as reStructuredText: bars of a norm, |x|, and stars are what they are."""

import re

_CODE = re.compile(r"(``.+?``|`.+?`)")
_SPECIAL = re.compile(r"(?<!\\)([|*])")


def _escaped(lines: list[str]) -> list[str]:
    """Bars and stars outside of code and of examples, escaped."""
    found, example = [], False
    for line in lines:
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        parts = [line] if example else _CODE.split(line)
        found.append("".join(part if i % 2 or example else _SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts)))
    return found


def _process(app, what, name, obj, options, lines):
    lines[:] = _escaped(lines)


def setup(app):
    app.connect("autodoc-process-docstring", _process, priority=600)  # after napoleon, which reads the stars of *args
    return {"parallel_read_safe": True}
