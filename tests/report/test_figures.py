"""Figures: all shapes of results can be drawn, nothing is cut off, labels do not run into one another."""

import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from xarray import DataTree

from jaxrepsim.errors import InputError
from jaxrepsim.report import SECTIONS, write_figures
from jaxrepsim.report.labels import layer_labels, shortened
from jaxrepsim.report.sections.similarity import depth
from jaxrepsim.report.style import (
    TICK_SIZE,
    Column,
    category_style,
    dark_colors,
    epsilon_colors,
    layer_colors,
    paper_style,
)
from tests.report.conftest import CASES, by_default, made
from tests.report.groups import add_groups

DRAWINGS = {drawing.name: drawing for section in SECTIONS for drawing in section.figures}
CLOSE = 1.0
"""Pixels at 100 dots an inch by which a letter's box may lie over an edge."""


def boxes(texts: list[Text]) -> list[Bbox]:
    """Where the texts that are shown stand, in pixels."""
    return [text.get_window_extent() for text in texts if text.get_visible() and text.get_text()]


def tick_texts(axes: Axes, axis: str) -> list[Text]:
    """Tick labels within the axis' limits, which are those that are drawn."""
    low, high = sorted(axes.get_xlim() if axis == "x" else axes.get_ylim())
    ticks = (axes.xaxis if axis == "x" else axes.yaxis).get_major_ticks()
    return [t.label1 for t in ticks if t.label1.get_visible() and low - 1e-9 <= t.get_loc() <= high + 1e-9]


def assert_legible(figure: Figure) -> None:
    """Nothing reaches beyond the figure, and tick labels of one axis keep apart."""
    with paper_style():
        figure.draw_without_rendering()
    page = figure.bbox.padded(CLOSE)
    texts = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    hidden = {id(t) for axes in figure.axes for axis in "xy" for t in ticks_not_drawn(axes, axis)}
    for text in texts:
        if text.get_visible() and text.get_text() and id(text) not in hidden and in_visible_axes(text):
            box = text.get_window_extent()
            assert page.x0 <= box.x0 <= box.x1 <= page.x1, text
            assert page.y0 <= box.y0 <= box.y1 <= page.y1, text
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        upright = boxes(tick_texts(axes, "y"))
        for lower, upper in pairwise(sorted(upright, key=lambda box: box.y0)):
            assert lower.y1 <= upper.y0 + CLOSE, axes
        labels = tick_texts(axes, "x")
        # Boxes of slanted names overlap though the names do not: what must not touch is their lines, a font size apart.
        slanted = bool(labels) and labels[0].get_rotation() % 90 != 0
        spots = sorted(boxes(labels), key=lambda box: box.x1)
        for left, right in pairwise(spots):
            gap = right.x1 - left.x1 if slanted else right.x0 - left.x0 if labels[0].get_rotation() else None
            if gap is None:
                assert left.x1 <= right.x0 + CLOSE, axes
            else:
                assert gap >= TICK_SIZE * 100 / 72 * (1.3 if slanted else 1.0), axes


def ticks_not_drawn(axes: Axes, axis: str) -> list[Text]:
    """Labels of ticks outside the limits, and second labels of ticks, which matplotlib keeps but does not draw."""
    ticks = (axes.xaxis if axis == "x" else axes.yaxis).get_major_ticks()
    drawn = {id(text) for text in tick_texts(axes, axis)}
    return [text for tick in ticks for text in (tick.label1, tick.label2) if id(text) not in drawn]


def in_visible_axes(text: Text) -> bool:
    """Whether the axes that hold the text, if any, are shown."""
    return text.axes is None or text.axes.get_visible()


ALWAYS = ("similarity-by-depth", "match-profiles", "profile-heatmap")
"""Those for which any results have data."""
EXTREMES = ("all small", "many layers, ten seeds", "many epsilons", "hostile names")
"""Where texts come closest, or have the most room: layout, which takes the time, is looked at here only."""


def assert_drawn(figure: Figure, column: Column, extreme: bool) -> None:
    """A figure of the right width; at an extreme legible too."""
    assert figure.get_size_inches()[0] == {"single": 3.4, "double": 7.0}[column]
    if extreme:
        assert_legible(figure)


@pytest.mark.parametrize(
    "case", by_default(CASES, "usual", "two files", "nothing matches", "all small", "hostile names")
)
def test_every_shape_is_drawn_and_the_extremes_are_legible(case: str) -> None:
    results = made(case)
    column: Column = "double" if case in ("all small", "usual", "two files") else "single"
    for section in filter(lambda section: section.is_in(results), SECTIONS):
        for drawing in section.figures:
            if drawing.present(results):
                assert_drawn(drawing.figure(results, column), column, case in EXTREMES)
                assert drawing.caption(results).endswith(".")


@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.long)])
def test_files_are_the_same_each_time(every: bool, make: Callable[..., DataTree], tmp_path: Path) -> None:
    plain = make(layers=("conv1", "$fc^2$"), epsilons=(0.2, 0.5), networks=("0", "1"), units=16)
    asked = ((add_groups(plain, huge=True) if every else plain, ("svg",)), (plain, ("pdf", "png")))
    first = [path for results, kinds in asked for path in write_figures(results, tmp_path / "a", "single", kinds)]
    with rc_context({"font.size": 30, "svg.hashsalt": None, "axes.facecolor": "red"}):
        second = [path for results, kinds in asked for path in write_figures(results, tmp_path / "b", "single", kinds)]
    assert [path.name for path in first] == [
        *[f"{name}.svg" for name in (DRAWINGS if every else ("training", *ALWAYS, "minimal-matches"))],
        *[f"{name}.{kind}" for name in ("training", *ALWAYS, "minimal-matches") for kind in ("pdf", "png")],
    ]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        if one.suffix == ".svg":
            root = ElementTree.parse(one).getroot()
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            texts = [text for text in root.iter("{http://www.w3.org/2000/svg}text") if text.text]
            assert len(texts) > 5
            assert all("'DejaVu Sans', 'Verdana', sans-serif" in text.attrib["style"] for text in texts)


def test_files_of_results_without_training_or_samples(make: Callable[..., DataTree], tmp_path: Path) -> None:
    results = make(layers=("a",), epochs=None, accuracy=False, samples=0)
    names = [path.name for path in write_figures(results, tmp_path, formats=("svg",))]
    assert names == [f"{name}.svg" for name in ALWAYS]


def test_absent_data_cannot_be_drawn(make: Callable[..., DataTree], tmp_path: Path) -> None:
    results = make(epochs=None, accuracy=False, samples=0)
    for name in ("training", "minimal-matches"):
        with pytest.raises(ValueError, match=f"nothing that the figure '{name}' could show"):
            DRAWINGS[name].figure(results)
    with pytest.raises(InputError, match="lack"):
        write_figures(DataTree(), tmp_path)


def test_depth_draws_the_mean_over_pairs(results: DataTree) -> None:
    lines = depth.DRAWING.figure(results).axes[0].get_legend_handles_labels()[0]
    expected = results["similarity/similarity"].mean(("pair", "redraw")).values
    assert len(lines) == 5
    for index, line in enumerate(lines):
        assert line.get_ydata() == pytest.approx(expected[:, index])
        assert line.get_label() == f"ε = {results['epsilon'].values[index]:g}"


def test_no_global_state() -> None:
    """Drawing neither needs pyplot nor leaves settings behind."""
    code = (
        "import sys, matplotlib\n"
        "settings = lambda: {k: matplotlib.rcParams[k] for k in matplotlib.rcParams if k != 'backend'}\n"
        "before = settings()\n"
        "import jaxrepsim.report\n"
        "from jaxrepsim.report.figure import framed\n"
        "with framed('single', 1) as figure: figure.subplots()\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
        "assert settings() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@given(st.lists(st.text(st.sampled_from("ab./_\n"), min_size=1, max_size=60), min_size=1, max_size=12, unique=True))
def test_short_names_differ_and_are_short(names: list[str]) -> None:
    short = shortened(names, 12)
    assert len(set(short)) == len(names)
    assert max(map(len, short)) <= 12
    assert all(short)


def test_short_names_lose_what_all_share() -> None:
    names = [f"features.stage{i}.relu_after_addition" for i in range(3)]
    assert shortened(names, 20) == ["stage0", "stage1", "stage2"]
    assert shortened(names, 60) == names


def test_many_layers_are_thinned_out_and_the_last_stays() -> None:
    labels = layer_labels([f"layer{i}" for i in range(60)], "double")
    assert labels.degrees == 90
    assert labels.ticks[-1] == 59
    assert 20 <= len(labels.ticks) <= 40
    assert layer_labels(["conv1", "conv2"], "single").degrees == 0


def test_colours_and_styles_are_distinct() -> None:
    for count in (1, 5, 18):
        assert len(set(epsilon_colors(count))) == count
        assert len(set(epsilon_colors(count, "dark"))) == count
        assert len(set(layer_colors(count))) == count
        assert not set(layer_colors(count)) & set(epsilon_colors(count))
        assert len(dark_colors(count, 3)) == len(dark_colors(1, 3)) + count - 1
        assert len(dark_colors(3, count)) == len(dark_colors(3, 1)) + count - 1
    looks = [category_style(index) for index in range(24)]
    assert len({(look["color"], look["linestyle"]) for look in looks}) == 24
