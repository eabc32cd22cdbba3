"""Where a bundle's model lies: the manifest says, and is not believed before it is checked."""

import json
import shutil
from pathlib import Path

import pytest

from recsys.bundle import Bundle
from recsys.core.errors import ArtifactError

GOLDEN = Path(__file__).parents[1] / "golden" / "int8"


def changed(path: Path, **changes: object) -> Path:
    bundle = Path(shutil.copytree(GOLDEN, path / "bundle"))
    manifest = bundle / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), **changes}))
    return bundle


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../model.tflite", r"model_file: file name '\.\./model\.tflite' points outside the bundle"),
        ("/etc/passwd", "points outside"),
        ("a\\b", "points outside"),
        ("other.tflite", r"files: other\.tflite is not listed, so nothing vouches for it"),
        (7, "model_file must be text, found 7"),
    ],
)
def test_a_model_elsewhere_is_refused(name: object, reason: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=reason):
        Bundle(changed(tmp_path, model_file=name), verify=False)


def test_a_model_by_another_name_is_found(tmp_path: Path) -> None:
    files = json.loads((GOLDEN / "manifest.json").read_text())["files"]
    renamed = {("int8.tflite" if name == "model.tflite" else name): value for name, value in files.items()}
    path = changed(tmp_path, model_file="int8.tflite", files=renamed)
    (path / "model.tflite").rename(path / "int8.tflite")
    bundle = Bundle(path)
    assert bundle.model_file == path / "int8.tflite"
    sizes = [(path / name).stat().st_size for name in ("int8.tflite", "vocabulary.bin", "manifest.json")]
    assert bundle.device_bytes == sum(sizes)


def test_clients_are_not_given_a_model_that_they_do_not_run(tmp_path: Path) -> None:
    bundle = Bundle(changed(tmp_path, model_format="npz"))
    with pytest.raises(ArtifactError, match="its model is of the format 'npz', clients run tflite; export the run"):
        _ = bundle.model_file
