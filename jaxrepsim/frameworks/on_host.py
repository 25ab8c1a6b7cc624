"""Arrays of any framework in NumPy."""

from typing import Any

import numpy as np


def on_host(array: Any) -> np.ndarray:
    """An array of NumPy with the values of one of any framework; a view where possible.

    Args:
        array: Of NumPy, JAX or PyTorch (on any device, with or without gradients), or nested lists.

    Returns:
        The same shape; PyTorch's half precision, which NumPy does not know, as float32.

    >>> on_host([[1.0, 2.0]])
    array([[1., 2.]])
    """
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        array = (array.float() if "bfloat16" in str(array.dtype) else array).numpy()
    return np.asarray(array)
