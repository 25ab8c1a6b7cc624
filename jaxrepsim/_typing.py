"""Shape annotations: jaxtyping's where it is installed (tests check them at run time), else names that say the same.

The core needs jax and numpy only, and jaxtyping is only there to check.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jax import Array
from jax import typing as _jax

ArrayLike = _jax.ArrayLike | Sequence[Any]
"""What arrays are made of: also nested lists."""

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, Key

    Values = Any  # a union would have to be told apart at every use
else:
    Values = Array | np.ndarray | np.generic  # NumPy's where the values are on the host
    try:
        from jaxtyping import Bool, Float, Int, Key
    except ImportError:

        class _Unchecked:
            def __class_getitem__(cls, item: Any) -> Any:
                return Any

        Bool = Float = Int = Key = _Unchecked

__all__ = ["Array", "ArrayLike", "Bool", "Float", "Int", "Key", "Values"]
