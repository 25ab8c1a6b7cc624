"""What a report leaves beside its page: figures for papers, tables for other programs."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from matplotlib.figure import Figure
from xarray import DataTree

from jaxrepsim.files import atomic_path, write_text
from jaxrepsim.report.panels import some_layers
from jaxrepsim.report.schema import check
from jaxrepsim.report.section import Section
from jaxrepsim.report.sections import SECTIONS
from jaxrepsim.report.style import Column, save


def write_figures(
    results: DataTree,
    folder: str | os.PathLike[str],
    column: Column = "double",
    kinds: tuple[Literal["svg", "png"], ...] = ("svg", "png"),
    sections: Sequence[Section] = SECTIONS,
) -> list[Path]:
    """Writes every figure the results have data for, ready for a paper; the same results give the same bytes.

    Args:
        results: The tree of results.
        folder: Where to. Made where missing.
        column: The width: one column of a paper (3.4 inches), or both (7 inches).
        kinds: `svg`, with letters as outlines, and `png`, with 300 dots an inch.
        sections: Whose figures.

    Returns:
        The files: `similarity-by-depth.svg` and so on.

    Raises:
        InputError: The tree is not one of match results.
    """
    check(results, sections)
    results, paths = some_layers(results), []
    drawings = [drawing for section in sections if section.is_in(results) for drawing in section.figures]
    for drawing in drawings:
        if not drawing.present(results):
            continue
        paths += write_figure(drawing.figure(results, column), folder, drawing.name, kinds)
    return paths


def write_figure(
    figure: Figure,
    folder: str | os.PathLike[str],
    name: str,
    kinds: Sequence[Literal["svg", "png"]] = ("svg", "png"),
) -> list[Path]:
    """Writes one figure, atomically.

    Args:
        figure: The figure.
        folder: Where to. Made where missing.
        name: The stem of its files.
        kinds: As `write_figures` takes them.

    Returns:
        The files.
    """
    paths = [Path(folder) / f"{name}.{kind}" for kind in kinds]
    for kind, path in zip(kinds, paths, strict=True):
        with atomic_path(path) as temporary, temporary.open("wb") as handle:
            save(figure, handle, kind)
    return paths


def write_tables(
    results: DataTree, folder: str | os.PathLike[str], sections: Sequence[Section] = SECTIONS
) -> list[Path]:
    """Writes the long tables of every section that the results hold, as comma-separated values, atomically.

    Each has the name of its section, and those of a section that has several theirs. What was not computed has no row.

    Args:
        results: The tree of results.
        folder: Where to. Made where missing.
        sections: Whose tables.

    Returns:
        The files: `similarity.csv` and so on.

    Raises:
        InputError: The tree is not one of match results.
    """
    check(results, sections)
    paths = []
    for section in sections:
        if section.is_in(results):
            for name, table in section.tables.items():
                path = Path(folder) / f"{name}.csv"
                text = table(results).to_csv(index=False, float_format="%.6g", lineterminator="\n")
                write_text(path, text)
                paths.append(path)
    return paths
