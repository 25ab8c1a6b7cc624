"""Figures as parts of a page: SVG that follows the page's colours and shares no name with another figure."""

import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib.figure import Figure

from jaxrepsim.report.readings import Area
from jaxrepsim.report.style import BACKGROUND, save

_COLOR = re.compile(r"#[0-9a-f]{6}")
_REFERENCE = re.compile(r"(?<=url\()#")
_LONG_NUMBER = re.compile(r"\d+\.\d{3,}")
_LEFT_OUT = ("metadata", "style")


def drawn(figure: Figure) -> bytes:
    """A figure as an SVG file."""
    buffer = BytesIO()
    save(figure, buffer, "svg")
    return buffer.getvalue()


def inline(svg: bytes, prefix: str, colors: Mapping[str, str], areas: Iterable[Area] = ()) -> Markup:
    """A figure as an `<svg>` element for HTML, without what lies behind it.

    Args:
        svg: The figure, as a file.
        prefix: What its ids begin with; unique in the page.
        colors: Colours that another scheme replaces. Each is written as a custom property (see `custom_property`), with
            itself where the page sets none.
        areas: What a reader who points at it is told.

    Returns:
        The element, without a size of its own: the page's style sheet gives it one.
    """
    root = ElementTree.fromstring(svg)
    _clean(root, prefix, colors)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    for area in areas:
        shares = zip(("x", "y", "width", "height"), area[:4], (width, height) * 2, strict=True)
        place = {name: f"{share * whole:.2f}" for name, share, whole in shares}
        ElementTree.SubElement(
            ElementTree.SubElement(root, "rect", {"class": "area"} | place), "title"
        ).text = area.text
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    # The figure element that holds it carries its description.
    root.set("aria-hidden", "true")
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def custom_property(color: str) -> str:
    """The name of the CSS custom property that stands for a colour.

    >>> custom_property("#0072b2")
    '--fig-0072b2'
    """
    return f"--fig-{color.lstrip('#')}"


def _clean(element: ElementTree.Element, prefix: str, colors: Mapping[str, str]) -> None:
    element.tag = _local(element.tag)
    for child in list(element):
        if _local(child.tag) in _LEFT_OUT or child.get("id") == BACKGROUND:
            element.remove(child)
        else:
            _clean(child, prefix, colors)
    for name, value in list(element.attrib.items()):
        del element.attrib[name]
        plain = _local(name)
        if plain == "id" and element.tag == "image":
            continue  # its content's hash, which two images may share, and nothing refers to
        if plain == "id":
            value = prefix + value
        elif plain == "href" and value.startswith("#"):
            value = f"#{prefix}{value[1:]}"
        elif plain == "d":
            # Hundredths of a point: no eye tells, and the page is a third smaller.
            value = _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", value)
        else:
            value = _REFERENCE.sub(f"#{prefix}", value)
            value = _COLOR.sub(lambda color: _property(color[0], colors), value)
        element.set(plain, value)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _property(color: str, colors: Mapping[str, str]) -> str:
    return f"var({custom_property(color)}, {color})" if color in colors else color
