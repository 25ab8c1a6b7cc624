"""Small image sets, prepared by tensorflow-datasets itself, and a guard against any use of the network."""

import gzip
import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails the test that opens a connection or looks up a host, even where the error is swallowed."""
    attempts: list[Any] = []

    def refuse(*args: Any, **kwargs: Any) -> Any:
        attempts.append(args)
        raise OSError("the network is off limits")

    for owner, name in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
        monkeypatch.setattr(owner, name, refuse)
    yield
    assert not attempts


def encode(image: np.ndarray, image_format: str = "PNG") -> io.BytesIO:
    from PIL import Image

    encoded = io.BytesIO()
    Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image).save(encoded, image_format)
    encoded.seek(0)
    return encoded


def prepare(
    directory: Path,
    name: str,
    features: Callable[[Any], dict[str, Any]],
    splits: dict[str, list[dict[str, Any]]],
    supervised_keys: tuple[str, str] | None = None,
) -> None:
    """Prepares a set whose examples are given, in the array_record format, through tensorflow-datasets."""
    import tensorflow_datasets as tfds

    set_name = name
    with tfds.core.registered.skip_registration():

        class Builder(tfds.core.GeneratorBasedBuilder):
            name = set_name
            VERSION = tfds.core.Version("1.0.0")

            def _info(self) -> Any:
                return tfds.core.DatasetInfo(
                    builder=self,
                    features=tfds.features.FeaturesDict(features(tfds.features)),
                    supervised_keys=supervised_keys,
                )

            def _split_generators(self, dl_manager: Any) -> Any:
                return {split: self._generate_examples(examples) for split, examples in splits.items()}

            def _generate_examples(self, examples: Any) -> Any:
                yield from enumerate(examples)

    Builder(data_dir=str(directory), file_format="array_record").download_and_prepare(
        download_dir=str(directory / "downloads"),
        download_config=tfds.download.DownloadConfig(try_download_gcs=False),
    )


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[bytes, int]]]:
    """A folder with `blots`: 40 and 12 colour images, 3 classes; and each split's images with their labels."""
    directory = tmp_path_factory.mktemp("prepared")
    rng = np.random.default_rng(0)
    splits: dict[str, list[dict[str, Any]]] = {}
    truth: dict[str, dict[bytes, int]] = {}
    for split, count in (("train", 40), ("test", 12)):
        images = rng.integers(0, 256, (count, 6, 5, 3), dtype=np.uint8)
        truth[split] = {image.tobytes(): index % 3 for index, image in enumerate(images)}
        splits[split] = [
            {"id": f"{split}{index}", "image": encode(image), "label": index % 3, "coarse": 0}
            for index, image in enumerate(images)
        ]
    prepare(
        directory,
        "blots",
        lambda features: {
            "id": features.Text(),
            "image": features.Image(shape=(6, 5, 3)),
            "label": features.ClassLabel(num_classes=3),
            "coarse": features.ClassLabel(num_classes=2),
        },
        splits,
        ("image", "label"),
    )
    return directory, truth


def write_idx(path: Path, array: np.ndarray) -> None:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + array.tobytes()))
