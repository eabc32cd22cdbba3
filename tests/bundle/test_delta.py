"""Nightly updates: a delta turns one bundle into the next, or nothing at all."""

import json
import random
import shutil
import zlib
from pathlib import Path

import bsdiff4
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.bundle import Bundle, Delta
from recsys.bundle.patch import apply_patch
from recsys.core.artifact import file_hashes
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from recsys.export.delta import make_delta
from serving.reranker import Reranker

GOLDEN = Path(__file__).parents[1] / "golden"


@given(st.binary(max_size=300), st.binary(max_size=300), st.integers(0, 5))
def test_patches_apply_as_the_library_does(old: bytes, new: bytes, repeats: int) -> None:
    new = old * repeats + new
    assert apply_patch(old, bsdiff4.diff(old, new)) == new


def test_a_patch_of_more_steps_than_any_needs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step is 24 bytes; nothing longer is unpacked."""
    old, new = b"a" * 100, b"a" * 50 + b"b" + b"a" * 49
    patch = bsdiff4.diff(old, new)
    assert apply_patch(old, patch) == new
    monkeypatch.setattr("recsys.bundle.patch.MAX_CONTROL", 23)
    with pytest.raises(ArtifactError, match="not as long as it says"):
        apply_patch(old, patch)


def test_a_patch_cut_anywhere_is_refused() -> None:
    old, new = bytes(range(256)) * 4, bytes(range(255, -1, -1)) * 5
    patch = bsdiff4.diff(old, new)
    for length in range(len(patch)):
        with pytest.raises(ArtifactError):
            apply_patch(old, patch[:length])


@given(st.binary(max_size=400), st.integers(0, 2**32))
def test_a_patch_of_noise_never_crashes(noise: bytes, seed: int) -> None:
    patch = bytearray(bsdiff4.diff(b"some old bytes" * 9, b"some new bytes" * 11))
    for place, byte in enumerate(noise):
        patch[random.Random(seed + place).randrange(8, len(patch))] = byte
    try:
        apply_patch(b"some old bytes" * 9, bytes(patch))
    except ArtifactError:
        return


@pytest.fixture
def tomorrow(tmp_path: Path) -> Path:
    """The golden bundle, with a few of its weights changed."""
    path = Path(shutil.copytree(GOLDEN / "int8", tmp_path / "tomorrow"))
    content = bytearray((path / "model.tflite").read_bytes())
    for place in random.Random(3).sample(range(1000, len(content)), 300):
        content[place] ^= 1
    (path / "model.tflite").write_bytes(content)
    manifest = json.loads((path / "manifest.json").read_text())
    manifest.update(files=file_hashes(path), model_version="tomorrow")
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def test_a_delta_makes_the_new_bundle(tomorrow: Path, tmp_path: Path) -> None:
    delta = make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta")
    assert delta.manifest.actions["vocabulary.bin"] == "keep"
    assert delta.download_bytes < 0.3 * Bundle(tomorrow).fetched_bytes
    made = Delta(tmp_path / "delta").apply(GOLDEN / "int8", tmp_path / "made")
    assert made.manifest.model_version == "tomorrow"
    for name in ("manifest.json", "model.tflite", "vocabulary.bin", "golden.json"):
        assert (made.path / name).read_bytes() == (tomorrow / name).read_bytes()


def with_other_scores(bundle: Path) -> None:
    """Golden cases as another night's model would give them; nothing else changes."""
    cases = json.loads((bundle / "golden.json").read_text())
    for case in cases:
        case["scores"] = [None if one is None else one + 1 for one in case["scores"]]
    (bundle / "golden.json").write_text(json.dumps(cases))
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps({**manifest, "files": file_hashes(bundle)}))


def test_a_bundle_made_by_a_delta_is_replayed_when_it_is_loaded(tmp_path: Path) -> None:
    """Once a delta brought no golden cases, and a runtime that ranks wrongly went unseen from the second night on."""
    wrong = Path(shutil.copytree(GOLDEN / "int8", tmp_path / "wrong"))
    with_other_scores(wrong)
    for new, target in ((GOLDEN / "int8", "again"), (wrong, "made")):
        make_delta(GOLDEN / "float32", new, tmp_path / f"delta-{target}").apply(GOLDEN / "float32", tmp_path / target)
    Reranker(tmp_path / "again")
    with pytest.raises(ArtifactError, match=r"golden\.json: case \d: .* ranks otherwise than the exporter"):
        Reranker(tmp_path / "made")


@pytest.mark.parametrize("changed", [False, True])
def test_who_left_the_golden_cases_can_still_follow(tmp_path: Path, changed: bool) -> None:
    tomorrow = Path(shutil.copytree(GOLDEN / "int8", tmp_path / "tomorrow"))
    if changed:
        with_other_scores(tomorrow)
    delta = make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta")
    assert delta.manifest.actions["golden.json"] == ("patch" if changed else "keep")
    old = Path(shutil.copytree(GOLDEN / "int8", tmp_path / "old"))
    (old / "golden.json").unlink()
    made = delta.apply(old, tmp_path / "made")
    assert not made.has_golden
    assert made.manifest == Bundle(tomorrow).manifest


def test_a_delta_starts_from_its_own_bundle_only(tomorrow: Path, tmp_path: Path) -> None:
    delta = make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta")
    with pytest.raises(ArtifactError, match="not the bundle that"):
        delta.apply(GOLDEN / "float32", tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("name", ["model.tflite", "manifest.json"])
def test_a_damaged_delta_is_refused(tomorrow: Path, tmp_path: Path, name: str) -> None:
    delta = make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta")
    payload = next((delta.path / "files").glob(f"{name}.*"))
    payload.write_bytes(payload.read_bytes()[:-7])
    with pytest.raises(ArtifactError, match="SHA-256"):
        Delta(delta.path)


def test_a_delta_that_was_made_to_harm_leaves_nothing(tomorrow: Path, tmp_path: Path) -> None:
    delta = make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta")
    path = delta.path / "manifest.json"
    manifest = json.loads(path.read_text())
    payload = next((delta.path / "files").glob("model.tflite.*"))
    payload.write_bytes(bsdiff4.diff((GOLDEN / "int8" / "model.tflite").read_bytes(), b"another model"))
    manifest["files"]["files/model.tflite.patch"] = sha256_file(payload)
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="SHA-256"):
        Delta(delta.path).apply(GOLDEN / "int8", tmp_path / "made")
    assert not (tmp_path / "made").exists()
    manifest["actions"]["../outside"] = "keep"
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="points outside"):
        Delta(delta.path)


@pytest.mark.parametrize(
    ("name", "action", "reason"),
    [
        ("model.tflite", [], "expected one of keep"),
        ("model.tflite", "burn", "expected one of keep"),
        ("", "keep", "points outside"),
        (".", "keep", "points outside"),
        ("/etc/passwd", "keep", "points outside"),
        ("items/../../x", "keep", "points outside"),
        ("items\\..\\x", "keep", "points outside"),
        ("a\0b", "keep", "points outside"),
        ("x" * 256, "keep", "a name of 256 bytes"),
        ("manifest.json/x", "keep", "'manifest.json' is a file, and the folder of 'manifest.json/x'"),
    ],
)
def test_a_delta_that_says_what_no_delta_says(
    tomorrow: Path, tmp_path: Path, name: str, action: object, reason: str
) -> None:
    path = make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta").path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["actions"][name] = action
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=reason):
        Delta(path.parent)


def test_a_delta_that_keeps_what_never_was(tomorrow: Path, tmp_path: Path) -> None:
    path = make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta").path / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["actions"]["items/absent.bin"] = "keep"
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=r"absent\.bin' is to be kept or patched"):
        Delta(path.parent).apply(GOLDEN / "int8", tmp_path / "made")
    assert not (tmp_path / "made").exists()


def with_payload(delta: Path, name: str, content: bytes) -> None:
    """Adds a whole file to a delta, as its manifest has it."""
    (delta / "files" / f"{name}.whole").write_bytes(content)
    manifest = json.loads((delta / "manifest.json").read_text())
    manifest["actions"][name] = "whole"
    manifest["files"][f"files/{name}.whole"] = sha256_file(delta / "files" / f"{name}.whole")
    (delta / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("evil.sh", zlib.compress(b"harm"), r"'evil\.sh' of .* is no file of the new bundle"),
        ("manifest.sig", zlib.compress(b"some signature")[:-4], r"manifest\.sig\.whole: a zlib stream that ends early"),
        ("manifest.sig", zlib.compress(b"some signature") + b"more", "does not end the file"),
        ("manifest.sig", b"no zlib", "incorrect header check"),
    ],
)
def test_a_delta_with_what_nothing_vouches_for(
    tomorrow: Path, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta")
    with_payload(tmp_path / "delta", name, content)
    with pytest.raises(ArtifactError, match=reason):
        Delta(tmp_path / "delta").apply(GOLDEN / "int8", tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("end", ["old", "new"])
def test_a_delta_without_an_end(tomorrow: Path, tmp_path: Path, end: str) -> None:
    path = make_delta(GOLDEN / "int8", tomorrow, tmp_path / "delta").path / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest[end]
    path.write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=f"{end} must be a SHA-256"):
        Delta(path.parent)
