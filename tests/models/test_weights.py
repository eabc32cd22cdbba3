"""Weights on disk: the same after a round trip, refused when they are not the model's."""

from pathlib import Path

import numpy as np
import pytest

from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.errors import ArtifactError, RecsysError
from recsys.core.history import History
from recsys.models.keras import tf
from recsys.models.sasrec import SASRec, build_model
from recsys.models.weights import load_weights, open_weights, save_weights


def small(width: int = 8) -> SASRec:
    return build_model(ModelConfig(max_length=4, width=width, memory=MemoryConfig(newest=2, neighbours=2)), 6)


def test_round_trip(tmp_path: Path) -> None:
    one, other = small(), small()
    save_weights(one, tmp_path / "w.npz")
    load_weights(other, tmp_path / "w.npz")
    history = History(np.array([[0, 1, 2, 3]]))
    np.testing.assert_array_equal(one.score_all(history), other.score_all(history))


def test_two_variables_of_one_name_are_refused(tmp_path: Path) -> None:
    model = small()
    model.twins = [tf.Variable(0.0, name="twin"), tf.Variable(1.0, name="twin")]
    with pytest.raises(RecsysError, match="one would be lost"):
        save_weights(model, tmp_path / "w.npz")
    assert not (tmp_path / "w.npz").exists()


def test_another_shape_is_refused(tmp_path: Path) -> None:
    save_weights(small(), tmp_path / "w.npz")
    with pytest.raises(ArtifactError, match="has shape"):
        load_weights(small(width=16), tmp_path / "w.npz")


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    arrays = {variable.name: variable.numpy() for variable in small().variables}
    np.savez(tmp_path / "w.npz", **{**arrays, "item_table:0": np.array([object()])})
    with pytest.raises(ArtifactError, match="cannot be read"):
        load_weights(small(), tmp_path / "w.npz")


def test_what_goes_wrong_with_the_arrays_is_not_the_files_fault(tmp_path: Path) -> None:
    save_weights(small(), tmp_path / "w.npz")
    with open_weights(tmp_path / "w.npz") as arrays:
        assert arrays["item_table:0"].shape == (6, 8)
        assert arrays.get("no such variable") is None

    def misread() -> None:
        with open_weights(tmp_path / "w.npz") as arrays:
            arrays["item_table:0"].reshape(7, 7)

    with pytest.raises(ValueError, match="cannot reshape"):
        misread()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "w.npz"
    save_weights(small(), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ArtifactError, match="cannot be read"):
        load_weights(small(), path)
