"""What a bundle is named by."""

from pathlib import Path

import pytest

from recsys.artifacts.run import Run
from recsys.config.export import ExportConfig
from recsys.core.errors import ArtifactError
from recsys.export.stage import bundles_dir
from tests import facts as known


def finished(path: Path, digest: str, weights: bytes) -> Run:
    run = Run.create(path / digest, {}, {**known.RUN, "digest": digest})
    run.weights_file.write_bytes(weights)
    run.finish({})
    return run


def test_runs_with_equal_weights_do_not_share_their_bundles(tmp_path: Path) -> None:
    # The bundle says which run it is of, and the gate holds it to that.
    one, other = (finished(tmp_path, digest, b"the same") for digest in ("one", "other"))
    assert bundles_dir(one, ExportConfig(), tmp_path) != bundles_dir(other, ExportConfig(), tmp_path)
    assert bundles_dir(one, ExportConfig(), tmp_path) == bundles_dir(one, ExportConfig(variants=("pq",)), tmp_path)


def test_a_folder_without_bundles_is_no_night_before(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"export\.since .* holds no bundles"):
        bundles_dir(finished(tmp_path, "one", b"w"), ExportConfig(since=tmp_path / "absent"), tmp_path)


def run_on(
    path: Path,
    digest: str,
    dataset: str = "data",
    length: int = 50,
    weights: bytes = b"0",
    protocol: str = "leave_one_out",
) -> Run:
    facts = {**known.RUN, "digest": digest, "dataset_digest": dataset, "protocol": protocol}
    run = Run.create(path / digest, {"model": {"max_length": length}}, facts)
    run.weights_file.write_bytes(weights)
    run.finish({})
    return run


def taught_by(teacher: Run) -> ExportConfig:
    return ExportConfig(student={"teacher": teacher.path})


def test_bundles_are_named_by_what_their_students_imitate(tmp_path: Path) -> None:
    exported, one, other = (run_on(tmp_path, name, weights=name.encode()) for name in ("a", "b", "c"))
    named = bundles_dir(exported, taught_by(one), tmp_path)
    assert named != bundles_dir(exported, taught_by(other), tmp_path)
    assert named != bundles_dir(exported, ExportConfig(), tmp_path)
    one.path.rename(tmp_path / "moved")
    assert named == bundles_dir(exported, taught_by(Run(tmp_path / "moved")), tmp_path)


def test_a_teacher_shares_data_protocol_and_length_and_is_finished(tmp_path: Path) -> None:
    exported = run_on(tmp_path, "a")
    for teacher, reason in (
        (run_on(tmp_path, "b", dataset="other data"), "its data set is other data, that of .* is data"),
        (run_on(tmp_path, "c", length=20), r"its model\.max_length is 20, that of .* is 50"),
        (
            run_on(tmp_path, "e", protocol="leave_one_out+refit"),
            "its protocol is leave_one_out\\+refit, that of .* is leave_one_out",
        ),
        (Run.create(tmp_path / "d", {}, known.RUN), "training has not finished"),
    ):
        with pytest.raises(ArtifactError, match=reason):
            bundles_dir(exported, taught_by(teacher), tmp_path)
