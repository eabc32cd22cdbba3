"""An artifact's directory: what is one, and whether its files are those that its manifest vouches for."""

from pathlib import Path

import pytest

from recsys.core.artifact import artifacts, check_files, file_hashes, read_manifest
from recsys.core.errors import ArtifactError


@pytest.mark.parametrize("name", ["../outside", "/etc/hosts", "a/../../outside"])
def test_names_that_point_outside_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "inside").mkdir()
    with pytest.raises(ArtifactError, match="points outside"):
        check_files(tmp_path / "inside", {name: "0" * 64}, "bundle")


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("one")
    hashes = file_hashes(tmp_path)
    (tmp_path / "file").write_text("two")
    with pytest.raises(ArtifactError, match=r"file: SHA-256 is .* damaged"):
        check_files(tmp_path, hashes, "run")


def test_half_written_ones_are_not_found(tmp_path: Path) -> None:
    for name in ("whole", ".whole.tmp-1", "empty"):
        (tmp_path / name).mkdir()
        if name != "empty":
            (tmp_path / name / "manifest.json").write_text("{}")
    assert artifacts(tmp_path) == [tmp_path / "whole"]
    assert artifacts(tmp_path / "nowhere") == []


def test_a_place_that_holds_no_manifest_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match="file: no bundle that can be read here"):
        read_manifest(tmp_path / "file", "bundle", 1)
    (tmp_path / "odd" / "manifest.json").mkdir(parents=True)
    with pytest.raises(ArtifactError, match="odd: no bundle that can be read here"):
        read_manifest(tmp_path / "odd", "bundle", 1)


@pytest.mark.parametrize("version", ["true", "1.0", "0", '"1"', "null"])
def test_a_version_is_a_positive_integer(tmp_path: Path, version: str) -> None:
    (tmp_path / "manifest.json").write_text('{"kind": "bundle", "format_version": ' + version + "}")
    with pytest.raises(ArtifactError, match="positive integer"):
        read_manifest(tmp_path, "bundle", 1)
