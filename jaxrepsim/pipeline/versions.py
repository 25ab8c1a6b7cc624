"""What software and hardware made a result."""

import platform
from importlib.metadata import PackageNotFoundError, version

import jax

PACKAGES = ("jaxrepsim", "jax", "jaxlib", "flax", "optax", "numpy", "tensorflow-datasets", "safetensors")


def versions() -> dict[str, str]:
    """Names and versions of Python, of the packages that shape a result, and of the devices."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    devices = jax.devices()
    return found | {"devices": f"{len(devices)} × {devices[0].device_kind} ({devices[0].platform})"}
