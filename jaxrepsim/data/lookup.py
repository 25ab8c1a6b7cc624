"""Finding a prepared set of tensorflow-datasets, and saying what is missing where there is none."""

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from jaxrepsim.errors import InputError, unknown

if TYPE_CHECKING:
    from tensorflow_datasets.core import DatasetBuilder

    from jaxrepsim.data.preparation.writing import Preparer

_ANY = "any image set of tensorflow-datasets, or of your own a .npz file, a folder of images, or module:function"


def base_name(name: str) -> str:
    """The set's name without configuration and version.

    >>> base_name("imagenet_resized/32x32:0.1.0")
    'imagenet_resized'
    """
    return name.split("/")[0].split(":")[0]


def folder(directory: Path | None) -> Path:
    """Where prepared sets are looked for: `directory`, or tensorflow-datasets' own folder."""
    from tensorflow_datasets.core import constants

    return Path(directory or constants.DATA_DIR).expanduser()


def find(name: str, directory: Path | None) -> "DatasetBuilder | None":
    """Opens a prepared set.

    Args:
        name: `set`, `set/configuration`, or either with `:version`; the newest version by default.
        directory: The folder of prepared sets; by default tensorflow-datasets' own.

    Returns:
        A builder that reads it, or None if it is not there.

    Raises:
        InputError: The text is not a name, or what is there cannot be read.
    """
    from tensorflow_datasets.core import DatasetNotFoundError, naming, read_only_builder

    try:
        naming.parse_builder_name_kwargs(name)
    except ValueError as error:
        raise InputError(
            f"{name!r} is not the name of a data set; write `set`, `set/configuration` or `set:version`; or, of your "
            "own, a .npz file, a folder that has folders of images, or `module:function`"
        ) from error
    place = folder(directory)
    try:
        return read_only_builder.builder_from_files(name, data_dir=str(place))
    except DatasetNotFoundError:
        return None
    except Exception as error:  # whatever a damaged description makes tensorflow-datasets and protobuf raise
        raise InputError(f"the data set {name!r} in {place} is damaged; prepare it again ({error})") from error


def missing(name: str, directory: Path | None, preparer: "Preparer | None" = None) -> InputError:
    """The error for a set that `find` did not find: an unknown name, or a known set that is not prepared.

    Args:
        name: The name as given.
        directory: The folder of prepared sets, as given to `find`.
        preparer: How the set is prepared from its original files, if it can be.

    Returns:
        An `InputError` to raise, that says how to get the set.
    """
    import tensorflow_datasets as tfds

    place = folder(directory)
    base = base_name(name)
    known = tfds.list_builders(with_community_datasets=False)
    present = _subfolders(place)
    if base not in known and base not in present:
        near = get_close_matches(base, [*known, *present, "digits"], n=3, cutoff=0.6)
        return unknown("data set", name, dict.fromkeys([*near, "digits", _ANY]))
    lacks = "" if place.is_dir() else ", which does not exist"
    versions = _subfolders(place / base)
    held = f" (there is: {', '.join(versions)})" if versions else ""
    remedy = (
        f"Prepare it where TensorFlow is installed with `tfds build {base} --file_format=array_record`, and copy the"
        " folder it makes"
    )
    if preparer is not None:
        remedy = f"Set `archive` to {preparer.needs}, from {preparer.source}"
    return InputError(
        f"the data set {name!r} is not prepared in {place}{lacks}{held}, and nothing is downloaded. {remedy}"
    )


def _subfolders(place: Path) -> list[str]:
    if not place.is_dir():
        return []
    return sorted(path.name for path in place.iterdir() if path.is_dir() and not path.name.startswith("incomplete."))
