"""JSON that nobody vouches for is read with distrust."""

from pathlib import Path

import pytest

from recsys.core.artifact import read_manifest
from recsys.core.errors import ArtifactError
from recsys.core.json_files import DEEPEST, read_json


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"[" * 400_000, "recursion"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "nested deeper"),
        (b'{"a":' * (DEEPEST + 1) + b"1" + b"}" * (DEEPEST + 1), "nested deeper"),
        (b"1" * 5000, "4300 digits"),
        (b"[NaN]", "NaN is no JSON"),
        (b'{"a": -Infinity}', "-Infinity is no JSON"),
        (b'["\\ud800"]', "surrogates"),
        (b'{"\\udfff": 1}', "surrogates"),
        (b'{"a": "\xff"}', "utf-8"),
        (b"", "Expecting value"),
    ],
)
def test_json_that_no_program_here_wrote_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    (tmp_path / "manifest.json").write_bytes(text)
    with pytest.raises(ArtifactError, match=rf"manifest\.json: not JSON \(.*{reason}"):
        read_json(tmp_path / "manifest.json")
    with pytest.raises(ArtifactError, match="make the bundle again"):
        read_manifest(tmp_path, "bundle", 1)


def test_json_as_deep_as_any_is_read(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text("[" * DEEPEST + "]" * DEEPEST)
    value = read_json(tmp_path / "deep.json")
    for _ in range(DEEPEST - 1):
        (value,) = value
    assert value == []
