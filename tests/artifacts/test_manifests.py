"""Manifests of datasets, runs and scores: typed, and told with file and key where they are not whole."""

from pathlib import Path
from typing import Any

import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.evaluation import Evaluation
from recsys.artifacts.run import Run
from recsys.artifacts.scores import Scores
from recsys.core.artifact import file_hashes
from recsys.core.errors import ArtifactError
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST
from tests import facts

COMMON = {"format_version": 1, "files": {}}
WHOLE: dict[type[Any], dict[str, Any]] = {
    Dataset: {
        **COMMON,
        **facts.DATASET,
        "kind": "dataset",
        "dataset_digest": "d",
        "counts": {},
        "cleaning": {},
        "oov": {"buckets": 0},
    },
    Run: {**COMMON, **facts.RUN, "kind": "run", "status": "finished"},
    Evaluation: {
        **COMMON,
        "kind": "evaluation",
        "run": "r",
        "weights": "w",
        "ks": [10],
        "baselines": ["markov"],
        "version": 1,
    },
    Scores: {
        **COMMON,
        "format_version": 3,
        "kind": "scores",
        "weights": "w",
        "dataset": "d",
        "of": "users",
        "k": 3,
        "filter_seen": True,
        "filters": {},
        "version": 1,
        "lists": 2,
    },
}
KEYS = [(kind, key) for kind, values in WHOLE.items() for key in values if key not in ("files", "kind")]


@pytest.mark.parametrize(("kind", "key"), KEYS, ids=[f"{kind.__name__} {key}" for kind, key in KEYS])
def test_a_key_that_is_missing_or_of_another_type_is_told(kind: type[Any], key: str, tmp_path: Path) -> None:
    write_json(tmp_path / MANIFEST, WHOLE[kind])
    assert kind(tmp_path).manifest.to_json() == WHOLE[kind]
    for values in ({k: v for k, v in WHOLE[kind].items() if k != key}, {**WHOLE[kind], key: [["odd"]]}):
        write_json(tmp_path / MANIFEST, values)
        with pytest.raises(ArtifactError, match=rf"(?s)manifest\.json: .*{key}"):
            _ = kind(tmp_path).manifest


@pytest.mark.parametrize("kind", WHOLE)
def test_a_manifest_that_does_not_vouch_for_what_is_read_is_refused(kind: type[Any], tmp_path: Path) -> None:
    for needed in kind.sealed:
        file = tmp_path / needed if "." in needed else tmp_path / needed / "0.parquet"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"content")
    files = file_hashes(tmp_path)
    write_json(tmp_path / MANIFEST, {**WHOLE[kind], "files": files})
    assert kind(tmp_path).verify().manifest.files == files
    for name in files:
        write_json(tmp_path / MANIFEST, {**WHOLE[kind], "files": {k: v for k, v in files.items() if k != name}})
        with pytest.raises(ArtifactError, match=rf"manifest\.json: files has no SHA-256 of {name.split('/')[0]}"):
            kind(tmp_path).verify()
    write_json(tmp_path / MANIFEST, {key: value for key, value in WHOLE[kind].items() if key != "files"})
    with pytest.raises(ArtifactError, match=r"manifest\.json: files has no"):
        kind(tmp_path).verify()


def test_the_weights_of_a_run_that_does_not_vouch_for_them_are_refused(tmp_path: Path) -> None:
    write_json(tmp_path / MANIFEST, WHOLE[Run])
    with pytest.raises(ArtifactError, match=r"manifest\.json: files has no"):
        _ = Run(tmp_path).weights_digest


@pytest.mark.parametrize("kind", WHOLE)
def test_a_key_of_nobodys_is_refused_by_name(kind: type[Any], tmp_path: Path) -> None:
    """It was written by another program, or is a known one misspelled: either way it says what nobody reads."""
    write_json(tmp_path / MANIFEST, {**WHOLE[kind], "comand": "recsys train"})
    with pytest.raises(ArtifactError, match=r"manifest\.json: .*\n.*comand: unknown key"):
        _ = kind(tmp_path).manifest


def test_what_stands_beside_the_seal_is_no_part_of_it(tmp_path: Path) -> None:
    run = Run.create(tmp_path / "run", {}, facts.RUN)
    with pytest.raises(ArtifactError, match="training has not finished"):
        _ = run.weights_digest
    with pytest.raises(ArtifactError, match="training has not finished"):
        run.verify()
    run.weights_file.write_bytes(b"weights")
    run.finish({"parameters": 7})
    assert run.manifest.parameters == 7
    assert set(run.verify().manifest.files) == {"config.json", "weights.npz"}
    further = run.evaluations_dir / "further"
    further.mkdir(parents=True)
    write_json(further / MANIFEST, WHOLE[Evaluation])
    run.finish({})
    assert set(run.verify().manifest.files) == {"config.json", "weights.npz"}
    assert [one.manifest.baselines for one in run.evaluations] == [["markov"]]
    run.weights_file.write_bytes(b"other")
    with pytest.raises(ArtifactError, match=r"weights\.npz: SHA-256 is"):
        run.verify()
