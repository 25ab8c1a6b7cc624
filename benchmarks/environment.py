"""What a figure was measured on, and with."""

import os
import platform
import resource
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import jax
import numpy as np


def described() -> str:
    """Date, processor, device and versions in a line."""
    device = jax.devices()[0]
    parts = [date.today().isoformat(), f"{os.cpu_count()} CPU cores ({_processor()})"]
    if device.platform != "cpu":
        parts.append(f"{len(jax.devices())} × {device.device_kind}")
    parts += [f"Python {platform.python_version()}", f"jax {jax.__version__}", f"jaxlib {version('jaxlib')}"]
    return ", ".join([*parts, f"numpy {np.__version__}"])


def versions() -> dict[str, str]:
    """Of Python and of what computes."""
    found = {name: version(name) for name in ("jax", "jaxlib", "numpy")}
    return {"python": platform.python_version(), **found}


def peak_memory() -> int:
    """The largest resident memory of this process so far, in bytes."""
    told = _told("VmHWM:")  # on Linux ru_maxrss of a new process starts at its parent's
    if told is not None:
        return told
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def forget_peak() -> int:
    """Begins `peak_memory` anew where Linux lets a process do so: the resident memory of this process now, in bytes."""
    refs = Path("/proc/self/clear_refs")
    if refs.exists():
        refs.write_text("5")
    return _told("VmRSS:") or peak_memory()


def _told(what: str) -> int | None:
    """What Linux says of this process, in bytes."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(what)), None)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
