"""Bundles that are damaged, or made to harm: always refused with a reason, never a crash or a wrong ranking."""

import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recsys.core.errors import ArtifactError
from serving.reranker import Reranker
from tests.serving.hostile import MUTATIONS, mutate, name

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = ("model.tflite", "vocabulary.bin", "golden.json")


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_truncated_anywhere(copied: Path, name: str) -> None:
    content = (copied / name).read_bytes()
    for length in random.Random(1).sample(range(len(content) - 1), 25):
        (copied / name).write_bytes(content[:length])
        with pytest.raises(ArtifactError, match=name):
            Reranker(copied)


@pytest.mark.parametrize("name", FILES)
def test_swapped_with_another_bundles_file(copied: Path, name: str) -> None:
    other = GOLDEN / "float32" / name
    if other.read_bytes() == (copied / name).read_bytes():
        (copied / name).write_bytes(other.read_bytes()[::-1])
    else:
        shutil.copy(other, copied / name)
    with pytest.raises(ArtifactError, match="SHA-256"):
        Reranker(copied)


@pytest.mark.parametrize("name", ["model.tflite", "vocabulary.bin"])
def test_missing_file(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(ArtifactError, match=f"{name}: missing"):
        Reranker(copied)


def test_a_phone_may_leave_the_goldens(copied: Path) -> None:
    (copied / "golden.json").unlink()
    assert Reranker(copied).rerank([], []) == []


def test_no_manifest(copied: Path) -> None:
    (copied / "manifest.json").unlink()
    with pytest.raises(ArtifactError, match="no bundle here"):
        Reranker(copied)


def test_a_link_that_leaves_the_bundle(copied: Path, tmp_path: Path) -> None:
    shutil.move(copied / "model.tflite", tmp_path / "model.tflite")
    (copied / "model.tflite").symlink_to(tmp_path / "model.tflite")
    with pytest.raises(ArtifactError, match="points outside"):
        Reranker(copied)


def test_a_file_that_nothing_vouches_for(copied: Path, edit_manifest: Callable[..., Path]) -> None:
    files = json.loads((copied / "manifest.json").read_text())["files"]
    del files["model.tflite"]
    with pytest.raises(ArtifactError, match=r"model\.tflite is not listed"):
        Reranker(edit_manifest(files=files))


@pytest.mark.parametrize("mutation", MUTATIONS, ids=name)
def test_what_every_client_refuses(copied: Path, mutation: dict[str, Any]) -> None:
    mutate(copied, mutation)
    with pytest.raises(ArtifactError, match=re.escape(mutation["reason"])) as refused:
        Reranker(copied)
    assert mutation["file"] in str(refused.value) or mutation["file"] == "manifest.json"
    assert len(str(refused.value)) < 1000


def test_a_huge_manifest_is_not_read(copied: Path) -> None:
    (copied / "manifest.json").write_bytes(b" " * (2 << 20))
    with pytest.raises(ArtifactError, match="larger than"):
        Reranker(copied)


def test_signatures_other_than_the_models(copied: Path, edit_manifest: Callable[..., Path]) -> None:
    signatures = json.loads((copied / "manifest.json").read_text())["signatures"]
    signatures["top_k"] = signatures["rerank"]
    with pytest.raises(ArtifactError, match="signature 'top_k' is missing"):
        Reranker(edit_manifest(signatures=signatures))
    del signatures["top_k"]
    signatures["rerank"]["outputs"]["scores"]["shape"] = [1, 21]
    with pytest.raises(ArtifactError, match="outputs of the signature rerank must be"):
        Reranker(edit_manifest(signatures=signatures))


def test_scores_by_another_name(edit_manifest: Callable[..., Path], copied: Path) -> None:
    signatures = json.loads((copied / "manifest.json").read_text())["signatures"]
    signatures["rerank"]["outputs"] = {"result": signatures["rerank"]["outputs"]["scores"]}
    with pytest.raises(ArtifactError, match=r"must be \{'scores'"):
        Reranker(edit_manifest(signatures=signatures))


def test_models_that_are_none_though_the_hash_is_right(copied: Path, edit_manifest: Callable[..., Path]) -> None:
    content = (copied / "model.tflite").read_bytes()
    for length in random.Random(2).sample(range(len(content) * 9 // 10), 25):
        (copied / "model.tflite").write_bytes(content[:length])
        with pytest.raises(ArtifactError, match="LiteRT refuses"):
            Reranker(edit_manifest())


def test_weights_that_are_not_numbers(copied: Path, edit_manifest: Callable[..., Path]) -> None:
    from ai_edge_litert import schema_py_generated as schema
    from ai_edge_litert.tools import flatbuffer_utils

    tree = flatbuffer_utils.read_model(str(copied / "model.tflite"))
    floats = {t.buffer for graph in tree.subgraphs for t in graph.tensors if t.type == schema.TensorType.FLOAT32}
    for index in floats:
        buffer = tree.buffers[index]
        if buffer.data is not None:
            buffer.data = [0, 0, 0xC0, 0x7F] * (len(buffer.data) // 4)
    (copied / "model.tflite").write_bytes(flatbuffer_utils.convert_object_to_bytearray(tree))
    with pytest.raises(ArtifactError, match=r"not finite|rerank failed"):
        Reranker(edit_manifest())
    (copied / "golden.json").unlink()
    reranker = Reranker(copied)
    with pytest.raises(ArtifactError, match=r"not finite|rerank failed"):
        reranker.rerank([], reranker.catalogue())
