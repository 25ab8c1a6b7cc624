"""Whether the files of a folder are still what was written."""

import json
import zlib
from pathlib import Path

from jaxrepsim.files import write_text

NAME = "checksums.json"


def write_checksums(folder: Path) -> None:
    """Writes the CRC-32 of every file under a folder to `checksums.json` in it.

    Args:
        folder: The folder, complete.
    """
    write_text(folder / NAME, json.dumps(_checksums(folder), indent=0))


def damaged_files(folder: Path) -> list[str]:
    """The files that are missing or not as they were when the checksums were written.

    Args:
        folder: The folder.

    Returns:
        Their names in the folder; none if there are no checksums, as when a program was killed before it wrote them.
    """
    file = folder / NAME
    if not file.exists():
        return []
    try:
        written = dict(json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        return [NAME]
    present = _checksums(folder)
    return sorted(name for name, value in written.items() if present.get(name) != value)


def _checksums(folder: Path) -> dict[str, int]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != NAME]
    return {path.relative_to(folder).as_posix(): zlib.crc32(path.read_bytes()) for path in files}
