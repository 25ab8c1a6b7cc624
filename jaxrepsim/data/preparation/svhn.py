"""Street View House Numbers, cropped digits, from its .mat files."""

from pathlib import Path

import numpy as np

from jaxrepsim.data.preparation import archives
from jaxrepsim.data.preparation.writing import Arrays, Preparer, Request, write_arrays
from jaxrepsim.errors import InputError
from jaxrepsim.extras import needs

FILES = {"train": "train_32x32.mat", "test": "test_32x32.mat", "extra": "extra_32x32.mat"}
_OPTIONAL = "extra"


def prepare(request: Request) -> None:
    """Writes SVHN's cropped digits as tensorflow-datasets has them: name, version, features and order.

    The split `extra` (531,131 images; some 4 GB of memory while it is prepared) is written where its file is there.

    Args:
        request: Its archive is the folder with the files.

    Raises:
        InputError: A file is missing or not the published one, or the set cannot be written.

    Source: Y. Netzer et al., Reading digits in natural images with unsupervised feature learning, 2011. Each file holds
    `X`, (32, 32, 3, N) uint8, and `y`, (N, 1), where the class 10 is the digit 0.
    """
    name = "svhn_cropped"
    archive = request.archive if request.archive.is_dir() else request.archive.parent
    files = {split: file for split, file in FILES.items() if split != _OPTIONAL or (archive / file).is_file()}
    if _OPTIONAL not in files:
        request.say(f"{name}: there is no {FILES[_OPTIONAL]}; the set is prepared without the split {_OPTIONAL!r}")
    originals = {split: archives.find(name, archive, file) for split, file in files.items()}
    paths = {split: archives.check(original, request.progress) for split, original in originals.items()}
    write_arrays(name, {split: _read(path, split) for split, path in paths.items()}, request)


def _read(path: Path, split: str) -> Arrays:
    with needs("data", "the format of SVHN's files"):
        from scipy.io import loadmat

    try:
        content = loadmat(path)
        pixels, digits = content["X"], content["y"].ravel()
    except (OSError, KeyError, ValueError, TypeError, NotImplementedError) as error:
        raise InputError(f"{path} cannot be read as SVHN's: {error!r}") from error
    if pixels.dtype != np.uint8 or pixels.shape != (32, 32, 3, len(digits)) or not len(digits):
        raise InputError(f"{path} holds {pixels.dtype} images of shape {pixels.shape} and {len(digits)} labels")
    if digits.min() < 1 or digits.max() > 10:
        raise InputError(f"{path} holds labels from {digits.min()} to {digits.max()}; SVHN's are 1 to 10")
    ids = [f"{split}_{index:06d}" for index in range(len(digits))]
    # A view: `Arrays` holds images first, the file holds them last.
    return Arrays(np.moveaxis(pixels, -1, 0), {"label": digits.astype(np.int64) % 10, "id": ids})


PREPARER = Preparer(
    "the folder with train_32x32.mat and test_32x32.mat (and extra_32x32.mat for the split `extra`)",
    "http://ufldl.stanford.edu/housenumbers/",
    prepare,
)
