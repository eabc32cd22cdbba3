"""What a bundle is named by."""

from pathlib import Path

import pytest

from recsys.config.export import ExportConfig
from recsys.errors import ArtefactError
from recsys.export.stage import bundles_dir
from recsys.run import Run


def finished(path: Path, digest: str, weights: bytes) -> Run:
    run = Run.create(path / digest, {}, {"digest": digest})
    run.weights_file.write_bytes(weights)
    run.finish({})
    return run


def test_runs_with_equal_weights_do_not_share_their_bundles(tmp_path: Path) -> None:
    # The bundle says which run it is of, and the gate holds it to that.
    one, other = (finished(tmp_path, digest, b"the same") for digest in ("one", "other"))
    assert bundles_dir(one, ExportConfig(), tmp_path) != bundles_dir(other, ExportConfig(), tmp_path)
    assert bundles_dir(one, ExportConfig(), tmp_path) == bundles_dir(one, ExportConfig(variants=("pq",)), tmp_path)


def test_a_folder_without_bundles_is_no_night_before(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"export\.since .* holds no bundles"):
        bundles_dir(finished(tmp_path, "one", b"w"), ExportConfig(since=tmp_path / "absent"), tmp_path)


def run_on(path: Path, digest: str, dataset: str, length: int, weights: bytes) -> Run:
    facts = {"digest": digest, "dataset_digest": dataset}
    run = Run.create(path / digest, {"model": {"max_length": length}}, facts)
    run.weights_file.write_bytes(weights)
    run.finish({})
    return run


def taught_by(teacher: Run) -> ExportConfig:
    return ExportConfig(student={"teacher": teacher.path})


def test_bundles_are_named_by_what_their_students_imitate(tmp_path: Path) -> None:
    exported, one, other, same = (
        run_on(tmp_path, name, "data", 50, weights)
        for name, weights in (("a", b"0"), ("b", b"1"), ("c", b"2"), ("d", b"1"))
    )
    named = bundles_dir(exported, taught_by(one), tmp_path)
    assert named != bundles_dir(exported, taught_by(other), tmp_path)
    assert named != bundles_dir(exported, ExportConfig(), tmp_path)
    assert named == bundles_dir(exported, taught_by(same), tmp_path)


def test_a_teacher_shares_data_and_length_and_is_finished(tmp_path: Path) -> None:
    exported = run_on(tmp_path, "a", "data", 50, b"0")
    for name, dataset, length, reason in (
        ("b", "other data", 50, "its data set is other data, that of .* is data"),
        ("c", "data", 20, r"its model\.max_length is 20, that of .* is 50"),
    ):
        with pytest.raises(ArtefactError, match=reason):
            bundles_dir(exported, taught_by(run_on(tmp_path, name, dataset, length, b"1")), tmp_path)
    unfinished = Run.create(tmp_path / "d", {}, {"digest": "d"})
    with pytest.raises(ArtefactError, match="no finished run"):
        bundles_dir(exported, taught_by(unfinished), tmp_path)
