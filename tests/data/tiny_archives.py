"""Original files of the sets that can be prepared, in their true formats but with few images, and what is in them."""

import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from jaxrepsim.data.preparation import archives

Truth = dict[str, list[tuple[bytes, int]]]
"""Of each split, in the order of the original files: an image's bytes (pixels, or the encoded image) and its label."""

CMYK = "n01739381_1309.JPEG"
PNG = "n02105855_2933.JPEG"


def publish(patch: pytest.MonkeyPatch, name: str, *paths: Path) -> dict[str, archives.Published]:
    """Puts these files' sizes and checksums into the place of the published ones."""
    table = {
        path.name: archives.Published(
            path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest(), f"https://there/{path.name}"
        )
        for path in paths
    }
    patch.setattr(archives, "published", {name: table}.__getitem__)
    return table


def order(split: str, keys: list[str]) -> list[int]:
    """The order in which tensorflow-datasets keeps examples: by the MD5 of the split's name and the key."""
    return sorted(range(len(keys)), key=lambda row: hashlib.md5(f"{split}{keys[row]}".encode()).hexdigest())


def add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def write_cifar(folder: Path, classes: int) -> tuple[Path, Truth]:
    """The binary archive of CIFAR-10 or -100: three images a file, each after its labels, a byte each."""
    rng = np.random.default_rng(classes)
    if classes == 10:
        inside, names = "cifar-10-batches-bin", {"batches.meta.txt": 10}
        splits = {"train": [f"data_batch_{i}.bin" for i in range(1, 6)], "test": ["test_batch.bin"]}
    else:
        inside, names = "cifar-100-binary", {"coarse_label_names.txt": 20, "fine_label_names.txt": 100}
        splits = {"train": ["train.bin"], "test": ["test.bin"]}
    truth: Truth = {"train": [], "test": []}
    path = folder / f"cifar-{classes}-binary.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, count in names.items():
            add(archive, f"{inside}/{file}", "".join(f"{file} {i}\n" for i in range(count)).encode() + b"\n")
        add(archive, f"{inside}/readme.html", b"<html>")
        for split, files in splits.items():
            for file in files:
                content = b""
                for _ in range(3):
                    image = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                    label = int(rng.integers(classes))
                    content += bytes([label // 5, label] if classes == 100 else [label])
                    content += image[..., 0].tobytes() + image[..., 1].tobytes() + image[..., 2].tobytes()
                    truth[split].append((image.tobytes(), label))
                add(archive, f"{inside}/{file}", content)
    return path, truth


def write_svhn(folder: Path) -> tuple[list[Path], Truth]:
    """The three .mat files: images last, and the digit 0 as class 10."""
    from scipy.io import savemat

    rng = np.random.default_rng(3)
    truth: Truth = {}
    paths = []
    for split, count in (("train", 12), ("test", 5), ("extra", 4)):
        images = rng.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        digits = rng.permutation(np.arange(count) % 10)
        paths.append(folder / f"{split}_32x32.mat")
        content = {"X": images.transpose(1, 2, 3, 0), "y": np.where(digits == 0, 10, digits).astype(np.uint8)[:, None]}
        savemat(paths[-1], content, do_compression=True)
        truth[split] = [(image.tobytes(), int(digit)) for image, digit in zip(images, digits, strict=True)]
    return paths, truth


def jpeg(rng: np.random.Generator, image_format: str = "JPEG", mode: str = "RGB") -> bytes:
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).convert(mode).save(encoded, image_format)
    return encoded.getvalue()


def write_imagenet(
    folder: Path, odd: bool = False, synsets: tuple[str, ...] = ("n01739381", "n02105855", "n15075141")
) -> tuple[list[Path], dict[str, dict[str, tuple[bytes, str]]]]:
    """The tar of tars of the training images, four of each synset, and the flat one of six others.

    Args:
        folder: Where they are written.
        odd: Whether two of the images are those that are CMYK and PNG in ImageNet.
        synsets: Of the training images.

    Returns:
        The files; and of each split: name → (encoded image, synset).
    """
    rng = np.random.default_rng(4)
    truth: dict[str, dict[str, tuple[bytes, str]]] = {"train": {}, "validation": {}}
    train, validation = folder / "ILSVRC2012_img_train.tar", folder / "ILSVRC2012_img_val.tar"
    with tarfile.open(train, "w") as outer:
        for synset in synsets:
            members = {f"{synset}_{10 * number}.JPEG": jpeg(rng) for number in range(4)}
            if odd and synset == "n01739381":
                members[CMYK] = jpeg(rng, mode="CMYK")
            if odd and synset == "n02105855":
                members[PNG] = jpeg(rng, image_format="PNG")
            inner = io.BytesIO()
            with tarfile.open(fileobj=inner, mode="w") as archive:
                for name, content in members.items():
                    add(archive, name, content)
            add(outer, f"{synset}.tar", inner.getvalue())
            truth["train"] |= {name: (content, synset) for name, content in members.items()}
    with tarfile.open(validation, "w") as archive:
        for number in (3, 1, 6, 2, 5, 4):  # the labels are in the order of the names, not of the archive
            name, content = f"ILSVRC2012_val_{number:08d}.JPEG", jpeg(rng)
            add(archive, name, content)
            truth["validation"][name] = (content, OFFICIAL_VALIDATION[number - 1])
    return [train, validation], truth


OFFICIAL_VALIDATION = ("n01751748", "n09193705", "n02105855", "n04263257", "n03125729", "n01735189")
"""The synsets of ImageNet's first six validation images."""


def write_imagenette(folder: Path) -> tuple[Path, dict[str, dict[str, tuple[bytes, str]]]]:
    rng = np.random.default_rng(5)
    truth: dict[str, dict[str, tuple[bytes, str]]] = {"train": {}, "validation": {}}
    path = folder / "imagenette2-160.tgz"
    with tarfile.open(path, "w:gz") as archive:
        add(archive, "imagenette2-160/noisy_imagenette.csv", b"path,noisy_labels_0")
        for split, inside, count in (("train", "train", 4), ("validation", "val", 2)):
            for synset in ("n01440764", "n02979186", "n03888257"):
                directory = tarfile.TarInfo(f"imagenette2-160/{inside}/{synset}")
                directory.type = tarfile.DIRTYPE
                archive.addfile(directory)
                for number in range(count):
                    name, content = f"{synset}_{split}{number}.JPEG", jpeg(rng)
                    add(archive, f"{directory.name}/{name}", content)
                    truth[split][name] = (content, synset)
    return path, truth
