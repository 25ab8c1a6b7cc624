"""A name for what a network saw, or for what came of it: equal where it is equal."""

import hashlib

import numpy as np


def fingerprint(*parts: np.ndarray | str) -> str:
    """A short text that is the same for the same values, types and shapes, and in practice for no others.

    Args:
        *parts: Arrays, such as all inputs of a network, and words, in an order that counts.

    Returns:
        Sixteen hexadecimal digits.

    >>> images = np.zeros((2, 4, 4, 3))
    >>> fingerprint(images) == fingerprint(images.copy()), fingerprint(images) == fingerprint(images[:1])
    (True, False)
    """
    found = hashlib.sha256()
    for part in parts:
        array = np.frombuffer(part.encode(), np.uint8) if isinstance(part, str) else np.ascontiguousarray(part)
        found.update(f"{array.shape} {array.dtype.str};".encode())
        found.update(array.reshape(-1).view(np.uint8).data)
    return found.hexdigest()[:16]
