"""Writing a set from its original files in the format of tensorflow-datasets, without TensorFlow.

tensorflow-datasets' own builders for many sets unpack their files with TensorFlow. A builder here derives from theirs,
so name, version, features and order stay the same, and reads the files itself. Such a builder and its `Preparer` are
one file, named in `load.PREPARERS`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from jaxrepsim.data.progress import Progress
from jaxrepsim.errors import InputError

if TYPE_CHECKING:
    from tensorflow_datasets.core import GeneratorBasedBuilder


class Preparer(NamedTuple):
    """How one set is prepared.

    Fields:
        needs: What the archive must be, in words that complete "set `archive` to".
        prepare: Called as `prepare(archive, directory, progress)`.
    """

    needs: str
    prepare: Callable[[Path, Path, Progress | None], None]


def unregistered() -> AbstractContextManager[None]:
    """The context in which to define a builder that keeps the name of one of tensorflow-datasets' own."""
    from tensorflow_datasets.core import registered

    return registered.skip_registration()


def write(builder_class: "type[GeneratorBasedBuilder]", directory: Path) -> None:
    """Prepares a set in the array_record format.

    The set appears under its name only when it is whole: an interrupted preparation leaves nothing that would be taken
    for a set, and the next one starts afresh. Where two processes prepare the same set at once, the first to end wins.

    Args:
        builder_class: The builder; its examples hold encoded images, since encoding arrays takes TensorFlow.
        directory: The folder of prepared sets; made where missing.

    Raises:
        InputError: The folder cannot be written.
    """
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.utils import tqdm_utils

    parent: Any = builder_class
    with unregistered():

        class Quiet(parent):
            name = builder_class.name

            def _log_download_bytes(self) -> None:
                """Nothing is downloaded; our own progress tells the rest."""

            def _log_download_done(self) -> None: ...

    had_bars = tqdm_utils._active
    tfds.disable_progress_bar()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        builder = Quiet(data_dir=str(directory), file_format="array_record")
        with TemporaryDirectory() as downloads:
            config = tfds.download.DownloadConfig(try_download_gcs=False)
            try:
                builder.download_and_prepare(download_dir=downloads, download_config=config)
            except OSError:
                if not builder.is_prepared():  # else another process was faster, and its folder stands
                    raise
    except OSError as error:
        raise InputError(f"cannot prepare {builder_class.name!r} in {directory}: {error}") from error
    finally:
        tfds.display_progress_bar(had_bars)
