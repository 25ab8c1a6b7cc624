"""Safetensors: named arrays, sorted by name, and metadata."""

from pathlib import Path

import numpy as np

from jaxrepsim.activations.formats.natural import natural
from jaxrepsim.errors import InputError
from jaxrepsim.files import safetensors_for


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays and metadata of a .safetensors file; conv2 comes before conv10.

    Raises:
        InputError: It is truncated, or holds what NumPy has no numbers for; or safetensors is not installed.
    """
    safetensors = safetensors_for(path)
    try:
        with safetensors.safe_open(path, framework="np") as file:
            names = sorted(file.keys(), key=natural)
            return {name: file.get_tensor(name) for name in names}, dict(file.metadata() or {})
    except (OSError, ValueError, TypeError, AttributeError, safetensors.SafetensorError) as error:
        raise InputError(f"{path} is truncated or not a .safetensors file of numbers ({error})") from error
