"""Products with all their digits."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import jax

from jaxrepsim._typing import Array, Float

P = ParamSpec("P")
T = TypeVar("T")


def with_all_digits(function: Callable[P, T]) -> Callable[P, T]:
    """The function with float32 products in float32, unless it is told otherwise within.

    Accelerators by default round the factors of a float32 product to fewer digits (TF32 on GPUs, bfloat16 on TPUs),
    which would leave residuals wrong by a thousandth and more. On a CPU nothing changes.

    >>> import jax.numpy as jnp
    >>> products = with_all_digits(lambda x: x.T @ x)
    >>> "HIGHEST" in str(jax.make_jaxpr(products)(jnp.ones((3, 2))))
    True
    """

    @wraps(function)
    def exact(*arguments: P.args, **options: P.kwargs) -> T:
        with jax.default_matmul_precision("highest"):
            return function(*arguments, **options)

    return exact


def inner_products(a: Float[Array, "m i"], b: Float[Array, "m j"]) -> Float[Array, "i j"]:
    """aᵀb, of float64 also where x64 is off and `vmap` comes around it: it would make float32 of that of `jnp`."""
    return jax.lax.dot_general(a, b, (((0,), (0,)), ((), ())))
