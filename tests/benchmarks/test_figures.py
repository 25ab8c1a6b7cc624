"""How figures are made of timings."""

import time

import numpy as np
import pytest

from benchmarks import growth, table, timing
from benchmarks.timing import Timing

CHECK = table.Check(True, "same")


def test_interleaving_alternates_the_order_and_keeps_the_last_result(monkeypatch):
    monkeypatch.setattr(timing, "LEAST", 0)
    calls = []
    sides = {name: lambda name=name: calls.append(name) or len(calls) for name in "ab"}
    measured = timing.interleave(sides, {"a": 3, "b": 2}, cold=("b",))
    assert "".join(calls) == "aa" + "ab" + "ba" + "a"
    assert measured["a"].result == 7
    assert [len(side.timing.seconds) for side in measured.values()] == [3, 2]
    assert measured["a"].first is not None
    assert measured["b"].first is None


def test_short_calls_are_averaged():
    calls = []
    timing.interleave({"a": lambda: calls.append(time.sleep(0.01))}, 1)
    assert 5 <= len(calls) - 2 <= 10


def test_preparation_is_not_timed():
    measured = timing.interleave({"a": lambda: None}, 1, cold="a", prepare=lambda: time.sleep(0.05))
    assert measured["a"].timing.median < 0.05


def test_ratios_are_taken_within_a_round():
    assert timing.ratios(Timing((1.0, 20.0, 3.0)), Timing((1.0, 10.0, 1.0))) == (2.0, (1.0, 2.0, 3.0))
    assert timing.ratios(Timing((10.0,)), Timing((1.0, 2.0, 4.0))) == (5.0, (2.5, 10.0))


@pytest.mark.parametrize(("limit", "met"), [(2.0, True), (1.0, False), (None, None)])
def test_slower_by_at_most(limit, met):
    assert table.no_slower("a", "b", limit, Timing((1.5,)), Timing((1.0,)), CHECK).met is met


@pytest.mark.parametrize(("limit", "met"), [(2.0, False), (1.0, True), (None, None)])
def test_faster_by_at_least(limit, met):
    assert table.faster("a", "b", limit, Timing((1.0,)), Timing((1.5,)), CHECK).met is met


def test_within_uses_the_median():
    assert table.within("a", 2.0, Timing((1.0, 1.0, 9.0)), CHECK).met is True
    assert table.within("a", 2.0, Timing((1.0, 9.0, 9.0)), CHECK).met is False


def test_a_row_that_differs_says_so():
    row = table.within("a|b", 1.0, Timing((0.5,)), table.Check(False, "3 units"))
    text = table.side_by_side([row])
    assert "**differs**: 3 units" in text
    assert "a\\|b" in text
    assert {line.count(" | ") for line in text.splitlines()} == {7}


def test_exponents_come_from_the_upper_half():
    sizes = np.array([1, 2, 4, 8, 16, 32])
    assert growth.exponent(sizes, np.maximum(64.0, sizes**2.0)) == pytest.approx(2)  # flat up to 8
    assert growth.exponent(sizes, 5.0 * sizes**3) == pytest.approx(3)


@pytest.mark.parametrize(("seconds", "words"), [(2.5e-5, "25 µs"), (0.0123, "12.3 ms"), (3.14159, "3.142 s")])
def test_seconds_in_words(seconds, words):
    assert timing.in_words(seconds) == words
