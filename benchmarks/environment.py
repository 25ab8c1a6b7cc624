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


def peak_memory() -> int:
    """The largest resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux ru_maxrss of a new process starts at its parent's
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
