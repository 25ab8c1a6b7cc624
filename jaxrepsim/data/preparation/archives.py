"""The original files of a set: found, and checked against the published sizes and SHA-256."""

import hashlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

from jaxrepsim.data.progress import Progress, patient
from jaxrepsim.errors import InputError

_BLOCK = 1 << 20


class Published(NamedTuple):
    """What is known of an original file.

    Fields:
        size: Bytes.
        sha256: Hexadecimal.
        url: Where it was published.
    """

    size: int
    sha256: str
    url: str


def published(name: str) -> dict[str, Published]:
    """The original files of a set, by their names, as tensorflow-datasets' own builder knows them.

    >>> published("cifar10")["cifar-10-binary.tar.gz"].size
    170052171
    """
    import tensorflow_datasets as tfds

    infos = tfds.builder_cls(name).url_infos or {}
    return {url.rsplit("/", 1)[-1]: Published(int(info.size), info.checksum, url) for url, info in infos.items()}


class Original(NamedTuple):
    """An original file that is there and has the right size.

    Fields:
        path: Where it is.
        file: Its name as published.
        known: What is known of it.
    """

    path: Path
    file: str
    known: Published

    def mismatch(self, sha256: str) -> InputError | None:
        """The error to raise if the file does not have the published SHA-256."""
        if sha256 == self.known.sha256:
            return None
        return InputError(
            f"{self.path} is damaged, or not {self.file}: its SHA-256 is {sha256}, not {self.known.sha256}; get it"
            f" again from {self.known.url}"
        )


def find(name: str, archive: Path, file: str) -> Original:
    """Finds an original file.

    Args:
        name: The set.
        archive: A folder with the file; or, for a set of one file, the file under any name; or, for a set of several,
            one of them, beside which the others are.
        file: Its name as published.

    Raises:
        InputError: It is not there, or has another size.
    """
    known = published(name)[file]
    if archive.is_dir():
        path = archive / file
    elif archive.name in published(name):
        path = archive.parent / file
    else:
        path = archive
    if not path.is_file():
        raise InputError(f"{path} is missing; get {file} ({known.size:,} bytes) from {known.url}")
    size = path.stat().st_size
    if size != known.size:
        raise InputError(
            f"{path} is truncated, or not {file}: it has {size:,} bytes, not {known.size:,}; get it again from"
            f" {known.url}"
        )
    return Original(path, file, known)


def check(original: Original, progress: Progress | None) -> Path:
    """Reads a file once and checks its SHA-256.

    Returns:
        Its path.

    Raises:
        InputError: The SHA-256 differs, or the file cannot be read.
    """
    try:
        with original.path.open("rb") as handle:
            stream = Hashed(handle, original, progress)
            stream.finish()
    except OSError as error:
        raise InputError(f"cannot read {original.path}: {error}") from error
    return original.path


class Hashed:
    """A file read once, front to back, hashed as it goes by."""

    def __init__(self, handle: BinaryIO, original: Original, progress: Progress | None) -> None:
        self._handle, self._original, self._report = handle, original, patient(progress)
        self._hash = hashlib.sha256()
        self._done = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        block = self._handle.read(size)
        self._hash.update(block)
        before, self._done = self._done, self._done + len(block)
        if before >> 24 != self._done >> 24:  # every 16 MiB
            self._tell()
        return block

    def finish(self) -> None:
        """Reads what is left, and raises `InputError` if the SHA-256 is not the published one."""
        while self.read(_BLOCK):
            pass
        self._tell()
        if error := self._original.mismatch(self._hash.hexdigest()):
            raise error

    def _tell(self) -> None:
        total = self._original.known.size
        self._report(f"checking {self._original.path.name} (MB)", self._done // 10**6, total // 10**6)
