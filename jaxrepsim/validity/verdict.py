"""The rule of decision of docs/validity.md."""

from collections.abc import Mapping
from typing import Literal

MARGIN = 0.02
"""How far below the control identification may lie."""
CONTROL = 0.9
"""What the control must identify."""
Verdict = Literal["better", "worse", "neither"]


def verdict(identification: Mapping[str, float], wins: int, asked: str = "match_auc") -> Verdict:
    """Whether a measure is better than linear CKA, worse, or neither.

    Args:
        identification: The share of layers that each measure identifies.
        wins: In how many of the three tests by design its AUPRC is above that of linear CKA.
        asked: The measure.

    >>> verdict({"match_auc": 0.92, "linear_cka": 0.93, "linear_regression": 0.5}, wins=2)
    'better'
    >>> verdict({"match_auc": 0.4, "linear_cka": 0.93, "linear_regression": 0.5}, wins=3)
    'worse'
    """
    better = identification[asked] >= identification["linear_cka"] - MARGIN and wins >= 2
    worse = identification[asked] < identification["linear_regression"]
    if better == worse:
        return "neither"
    return "better" if better else "worse"


def control_holds(identification: Mapping[str, float]) -> bool:
    """Whether linear CKA identifies so many layers that the test says something."""
    return identification["linear_cka"] > CONTROL
