"""Preparing a set from the original files that a user has."""

from pathlib import Path

from jaxrepsim import extras
from jaxrepsim.data import lookup
from jaxrepsim.data.preparation import cifar, fashion_mnist, imagenet, imagenette, svhn
from jaxrepsim.data.preparation.writing import Preparer, Request, Say
from jaxrepsim.data.progress import Progress
from jaxrepsim.errors import InputError, unknown

PREPARERS: dict[str, Preparer] = {
    "cifar10": cifar.CIFAR10,
    "cifar100": cifar.CIFAR100,
    "svhn_cropped": svhn.PREPARER,
    "fashion_mnist": fashion_mnist.PREPARER,
    "imagenette": imagenette.PREPARER,
    "imagenet2012": imagenet.PREPARER,
}
"""The sets that can be prepared from their original files, without TensorFlow."""


def prepare(
    name: str,
    archive: Path | None = None,
    directory: Path | None = None,
    progress: Progress | None = None,
    say: Say | None = None,
) -> Path:
    """Writes a set from its original files, in the format, version and order of tensorflow-datasets.

    The files' sizes and SHA-256 are checked before anything is written (Fashion-MNIST's by content, since distributions
    recompress them). The set appears under its name only when it is whole. An interrupted preparation of `imagenet2012`
    or `imagenette` goes on after the last whole shard; the other sets, which take a minute, start again. A set that is
    there already is left as it is. Nothing is downloaded.

    Args:
        name: The set as tensorflow-datasets has it, with its configuration where there are several: `cifar10`,
            `imagenette/160px-v2`.
        archive: The original file, or the folder that holds the original files.
        directory: The folder of prepared sets; by default tensorflow-datasets' own.
        progress: Called as `progress(what, done, total)` where work takes more than two seconds.
        say: Called with sentences: how large the set will be, and where it is.

    Returns:
        The folder of the set.

    Raises:
        InputError: The set cannot be prepared so, or not in the version asked for; `archive` is not given, missing,
            damaged or not the published one; there is too little space; the folder cannot be written.
    """
    extras.check("data", f"the data set {name!r}", "tensorflow_datasets", "importlib_resources", "PIL")
    from tensorflow_datasets.core import naming

    say = say or (lambda words: None)
    found = lookup.find(name, directory)
    if found is not None:
        say(f"{name} is already prepared in {found.data_path}")
        return Path(found.data_path)
    base = lookup.base_name(name)
    preparer = PREPARERS.get(base)
    if preparer is None:
        raise unknown("set to prepare", name, PREPARERS)
    if archive is None:
        raise lookup.missing(name, directory, preparer)
    _, wanted = naming.parse_builder_name_kwargs(name)
    _check_version(base, wanted.get("version"))
    archive = archive.expanduser()
    if not archive.exists():
        raise InputError(f"{archive} does not exist; {name} needs {preparer.needs}, from {preparer.source}")
    preparer.prepare(Request(archive, lookup.folder(directory), wanted.get("config"), progress, say))
    found = lookup.find(name, directory)
    if found is None:
        raise lookup.missing(name, directory, preparer)
    say(f"{name} is prepared in {found.data_path}")
    return Path(found.data_path)


def _check_version(base: str, version: str | None) -> None:
    """Refuses a version that tensorflow-datasets' own builder, and so this one, does not write."""
    import tensorflow_datasets as tfds

    written = str(tfds.builder_cls(base).VERSION)
    if version not in (None, written):
        raise InputError(f"{base} can be prepared in version {written}, not {version}; write {base}:{written}")
