"""Writing files so that a reader sees the old one or the new one, never half of either."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from jaxrepsim.extras import needs

_MARK = ".part"
"""Before the ending of a temporary file: by it those that a killed process left are known."""


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Gives a temporary path beside `path`; what is written there becomes `path` when the block ends well.

    On any failure (a full disk, an interrupt) the temporary file is removed and `path` is as it was. The bytes are on
    the disk before the name changes, so a machine that loses power keeps the old file or the new one.

    Args:
        path: The file to write. Its folder is made where missing.

    Yields:
        The temporary path, in the same folder and with the same ending.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix, suffix = f".{shortened(target.stem)}.", f"{_MARK}{target.suffix}"
    with NamedTemporaryFile(dir=target.parent, prefix=prefix, suffix=suffix, delete=False) as handle:
        temporary = Path(handle.name)
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def is_temporary(path: Path) -> bool:
    """Whether a file is one that `atomic_path` made: being written, or left by a process that was killed."""
    return path.name.startswith(".") and path.with_suffix("").suffix == _MARK and path.is_file()


def shortened(name: str, size: int = 80) -> str:
    """The beginning of a name, at most so many bytes: file systems take 255, whatever the letters."""
    return name.encode("utf-8", "surrogateescape")[:size].decode("utf-8", "ignore")


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Writes `text` to `path` atomically, as UTF-8."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def safetensors_for(path: Path) -> Any:
    """The package that reads and writes `.safetensors` files.

    Args:
        path: The file, for the error.

    Raises:
        MissingPackageError: It is not installed.
    """
    with needs("plots", str(path)):
        import safetensors.numpy
    return safetensors


def is_disk_full(error: BaseException) -> bool:
    """Whether an operation failed for want of space: an OSError, or a library's error that quotes one."""
    return any(os.strerror(code) in str(error) for code in (errno.ENOSPC, errno.EDQUOT))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
