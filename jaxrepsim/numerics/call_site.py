"""Warnings that point to where a user called the package."""

import sys
import warnings
from types import FrameType


def warn_at_call_site(message: str, category: type[Warning]) -> None:
    """Warns once for each place from which the package is called; not within a run, which tells by itself."""
    caller = _caller()
    if caller is not None:
        warnings.warn_explicit(
            message,
            category,
            caller.f_code.co_filename,
            caller.f_lineno,
            registry=caller.f_globals.setdefault("__warningregistry__", {}),
        )


def _caller() -> FrameType | None:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith("jaxrepsim.pipeline"):
            return None
        if name.split(".")[0] not in ("jaxrepsim", "jaxtyping", "beartype"):  # these two check types in the tests
            return frame
        frame = frame.f_back
    return None
