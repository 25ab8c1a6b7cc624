"""What a report leaves beside its page: figures for papers, tables for other programs."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure
from xarray import DataTree

from jaxrepsim.files import atomic_path, write_text
from jaxrepsim.report.results import some_layers
from jaxrepsim.report.schema import check
from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import SECTIONS
from jaxrepsim.report.style import Column, save


def draw(results: DataTree, column: Column = "double", sections: Sequence[Section] = SECTIONS) -> dict[str, Figure]:
    """Every figure the results have data for, by name: for `write_figures` and the page, which would draw it again.

    Args:
        results: The tree of results.
        column: The width: one column of a paper (3.4 inches), or both (7 inches).
        sections: Whose figures.

    Raises:
        InputError: The tree is not one of match results.
    """
    layers = some_layers(check(results, sections))
    drawings = (drawing for section in sections for drawing in section.drawings(layers))
    return {drawing.name: drawing.figure(layers, column) for drawing in drawings}


def write_figures(
    results: DataTree,
    folder: str | os.PathLike[str],
    column: Column = "double",
    formats: tuple[Literal["svg", "png"], ...] = ("svg", "png"),
    sections: Sequence[Section] = SECTIONS,
    drawn: Mapping[str, Figure] | None = None,
) -> list[Path]:
    """Writes every figure the results have data for, ready for a paper; the same results give the same bytes.

    Args:
        results: The tree of results.
        folder: Where to. Made where missing.
        column: The width: one column of a paper (3.4 inches), or both (7 inches).
        formats: `svg`, with letters as outlines, and `png`, with 300 dots an inch.
        sections: Whose figures.
        drawn: What `draw` gave, in place of column and sections.

    Returns:
        The files: `similarity-by-depth.svg` and so on.

    Raises:
        InputError: The tree is not one of match results.
    """
    figures = draw(results, column, sections) if drawn is None else drawn
    return [path for name, figure in figures.items() for path in write_figure(figure, folder, name, formats)]


def write_figure(
    figure: Figure,
    folder: str | os.PathLike[str],
    name: str,
    formats: Sequence[Literal["svg", "png"]] = ("svg", "png"),
) -> list[Path]:
    """Writes one figure, atomically.

    Args:
        figure: The figure.
        folder: Where to. Made where missing.
        name: The stem of its files.
        formats: As `write_figures` takes them.

    Returns:
        The files.
    """
    paths = [Path(folder) / f"{name}.{format}" for format in formats]
    for format, path in zip(formats, paths, strict=True):
        with atomic_path(path) as temporary, temporary.open("wb") as handle:
            save(figure, handle, format)
    return paths


def write_tables(
    results: DataTree, folder: str | os.PathLike[str], sections: Sequence[Section] = SECTIONS
) -> list[Path]:
    """Writes the long tables of every section that the results hold, as comma-separated values, atomically.

    A file has the name of its section, or that which the section gives to a further table. What was not computed has no
    row.

    Args:
        results: The tree of results.
        folder: Where to. Made where missing.
        sections: Whose tables.

    Returns:
        The files: `similarity.csv` and so on.

    Raises:
        InputError: The tree is not one of match results.
    """
    checked, paths = check(results, sections), []
    for section in sections:
        if section.is_in(checked):
            for name, table in section.tables.items():
                path = Path(folder) / f"{name}.csv"
                text = table(checked).to_csv(index=False, float_format="%.6g", lineterminator="\n")
                write_text(path, text)
                paths.append(path)
    return paths
