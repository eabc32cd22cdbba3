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
