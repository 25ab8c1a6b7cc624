"""Docstrings and annotations of this package as Sphinx can show them."""

import re

from docutils import nodes

_CODE = re.compile(r"(``.+?``|`.+?`)")
_SPECIAL = re.compile(r"(?<!\\)([|*])")
_ARRAY_LIKE = re.compile(r"[~\w.]*Array \| [~\w.]*ndarray \| .*?Sequence\[[~\w.]*Any\]")
"""What `jaxrepsim._typing.ArrayLike` stands for, written out."""


def _escaped(lines: list[str]) -> list[str]:
    """Bars of a norm, |x|, and stars, escaped outside of code and of examples."""
    found, example = [], False
    for line in lines:
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        parts = [line] if example else _CODE.split(line)
        found.append("".join(part if i % 2 or example else _SPECIAL.sub(r"\\\1", part) for i, part in enumerate(parts)))
    return found


def _docstring(app, what, name, obj, options, lines):
    lines[:] = [] if lines and lines[0].startswith("Alias for field number") else _escaped(lines)
    if what in ("attribute", "data", "property"):
        lines[:0] = ["..", ""]  # nothing; else napoleon takes what stands before a colon for a type


def _signature(app, what, name, obj, options, signature, returned):
    return tuple(text and _ARRAY_LIKE.sub("ArrayLike", text) for text in (signature, returned))


def _plain_arrays(app, domain, kind, content):
    """`Float[Array, ...]`, not with the module in which JAX hides its class."""
    for text in list(content.parent.findall(nodes.Text)):
        if "jaxlib._jax.Array" in text:
            text.parent.replace(text, nodes.Text(text.replace("jaxlib._jax.Array", "Array")))


def setup(app):
    app.connect("autodoc-process-docstring", _docstring, priority=400)  # before napoleon, which writes stars
    app.connect("autodoc-process-signature", _signature)
    app.connect("object-description-transform", _plain_arrays)
    return {"parallel_read_safe": True}
