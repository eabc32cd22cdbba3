"""A training that begins with an earlier run's weights, and the runs that cannot be begun with."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.config.data import DataConfig, ItemTableConfig
from recsys.config.model import MemoryConfig, ModelConfig
from recsys.core.artifact import file_hashes
from recsys.core.digests import digest
from recsys.core.errors import ConfigError
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST
from recsys.models.items import FeatureShape
from recsys.models.sasrec import build_model
from recsys.models.weights import open_weights, save_weights
from recsys.training.stage import config_digest, train
from recsys.training.warm_start import _may_differ, _rows, begin_with
from tests.training.conftest import changed


@pytest.fixture(scope="module")
def first(dataset: Dataset, config: Config, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Last night's run."""
    return train(config, dataset, tmp_path_factory.mktemp("first")).artifact


def rewritten(run: Run, folder: Path, **facts: Any) -> Path:
    """The run's directory with other facts in its manifest."""
    copy = Run(folder)
    for file in (run.config_file, run.weights_file):
        (folder / file.name).write_bytes(file.read_bytes())
    write_json(folder / MANIFEST, {**run.manifest.to_json(), **facts})
    return copy.path


def test_a_run_that_learned_from_users_who_are_forgotten_since_is_no_beginning(
    dataset: Dataset, config: Config, first: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = build_model(config.model, dataset.vocabulary.table_size)
    assert first.manifest.forgotten == 0
    monkeypatch.setattr(Dataset, "forgotten", np.array([7], np.uint64))
    with pytest.raises(ConfigError, match=r"leaves out 1 users .* knew of 0 such.*warm_start=null"):
        begin_with(model, changed(config, warm_start=first.path), dataset)


@pytest.mark.parametrize("channel", ["types", "value_edges"])
def test_codes_that_meant_something_else_are_no_beginning(
    dataset: Dataset, config: Config, first: Run, tmp_path: Path, channel: str
) -> None:
    reads = {"event_types": channel == "types", "event_values": channel == "value_edges"}
    model = config.model.model_copy(update=reads)
    codes = {"types": ["buy"]} if channel == "types" else {"value_edges": [3.0]}
    earlier = Run(rewritten(first, tmp_path, event_codes=codes))
    write_json(earlier.config_file, {**config.to_json(), "model": model.model_dump(mode="json")})
    config = changed(config, warm_start=earlier.path).model_copy(update={"model": model})
    with pytest.raises(ConfigError, match=f"was trained with other {channel} of events .* recsys prepare --extend"):
        begin_with(build_model(model, dataset.vocabulary.table_size), config, dataset)


@pytest.mark.long
def test_every_trained_weight_is_taken_over(dataset: Dataset, config: Config, first: Run) -> None:
    model = build_model(config.model, dataset.vocabulary.table_size)
    begin_with(model, changed(config, warm_start=first.path), dataset)
    with open_weights(first.weights_file) as trained:
        for variable in model.trainable_variables:
            np.testing.assert_array_equal(variable.numpy(), trained[variable.name], err_msg=variable.name)


def test_new_items_stand_between_the_known_ones_and_the_buckets() -> None:
    """Padding, items 1 and 2, one bucket; then items 3 and 4 come."""
    trained = np.array([[0.0], [1], [2], [9]])
    fresh = np.array([[-0.5], [-1], [-2], [-3], [-4], [-9]])
    assert _rows(fresh, trained, 2).tolist() == [[0], [1], [2], [-3], [-4], [9]]
    assert _rows(fresh[:5], trained[:3], 2).tolist() == [[0], [1], [2], [-3], [-4]]  # no buckets


@pytest.mark.long
def test_it_goes_on_where_the_other_ended(dataset: Dataset, config: Config, tmp_path: Path) -> None:
    # Without the memory, whose share validation has weighed anew: a loss then says what attention has learned.
    config = config.model_copy(update={"model": config.model.model_copy(update={"memory": None})})
    first = train(config, dataset, tmp_path).artifact
    cold = train(changed(config, epochs=1), dataset, tmp_path).artifact
    warm = train(changed(config, epochs=1, warm_start=first.path), dataset, tmp_path).artifact
    began, goes_on, ended = ([one["loss"] for one in run.history()] for run in (cold, warm, first))
    assert began[0] == ended[0]
    assert goes_on[0] < ended[-2] < began[0]


def test_the_run_is_named_by_the_weights_not_by_their_place(
    dataset: Dataset, config: Config, first: Run, tmp_path: Path
) -> None:
    here, there = changed(config, warm_start=first.path), changed(config, warm_start=rewritten(first, tmp_path))
    assert (
        config_digest(here, dataset.digest)
        == config_digest(there, dataset.digest)
        != config_digest(config, dataset.digest)
    )


def test_what_cannot_be_begun_with(dataset: Dataset, config: Config, first: Run, tmp_path: Path) -> None:
    def refusal(path: Path, **model: Any) -> str:
        wanted = changed(config, warm_start=path)
        wanted = wanted.model_copy(update={"model": config.model.model_copy(update=model)})
        with pytest.raises(ConfigError) as told:
            train(wanted, dataset, tmp_path / "work")
        return str(told.value)

    folders = iter(range(9))

    def other(**facts: Any) -> Path:
        folder = tmp_path / str(next(folders))
        folder.mkdir()
        return rewritten(first, folder, **facts)

    assert "no run here" in refusal(tmp_path / "nowhere")
    assert "training has not finished" in refusal(other(status="running"))
    assert "trained on its validation events" in refusal(other(protocol="leave_one_out+refit"))
    assert "model.blocks is 2 here and 1" in refusal(first.path, blocks=2)
    assert "knew other items" in refusal(other(vocabulary_digest=digest(["x"])))


def test_what_the_memory_counts_anew_may_differ() -> None:
    memory = MemoryConfig()
    model = ModelConfig(memory=memory)
    assert _may_differ(model, "dropout", 0.3)
    assert _may_differ(model, "memory", memory.model_copy(update={"neighbours": 7}))
    assert not _may_differ(model, "memory", memory.model_copy(update={"newest": 7}))
    assert not _may_differ(model, "memory", None)
    assert not _may_differ(model, "width", 8)


def test_a_run_from_before_a_key_existed_can_be_begun_with(
    dataset: Dataset, config: Config, first: Run, tmp_path: Path
) -> None:
    """What a later version added stood at its default then."""
    older = Run(rewritten(first, tmp_path))
    values = older.config
    del values["model"]["memory"]["average"], values["model"]["feed_forward"], values["prepare"]["bots"]
    write_json(older.config_file, values)
    write_json(tmp_path / MANIFEST, {**older.manifest.to_json(), "files": file_hashes(tmp_path)})
    begin_with(build_model(config.model, dataset.vocabulary.table_size), changed(config, warm_start=tmp_path), dataset)


def test_what_is_learned_of_features_goes_on_and_new_values_begin(
    dataset: Dataset, config: Config, first: Run, tmp_path: Path
) -> None:
    rows, folder = dataset.vocabulary.table_size, Run(rewritten(first, tmp_path)).path
    before, now = (build_model(config.model, rows, [FeatureShape(0, 3), FeatureShape(values, 1)]) for values in (2, 4))
    save_weights(before, folder / "weights.npz")
    items = ItemTableConfig(path=Path("items.csv"), features={"kind": "category", "image": "vector"})
    described = changed(config, warm_start=folder).model_copy(
        update={"data": DataConfig(path=Path("log.csv"), items=items)}
    )
    write_json(folder / "config.json", described.to_json())
    write_json(folder / MANIFEST, {**first.manifest.to_json(), "files": file_hashes(folder)})
    fresh = now.items.features[1].learned.numpy()
    begin_with(now, described, dataset)
    projection, learned = (one.learned.numpy() for one in now.items.features)
    np.testing.assert_array_equal(learned[:3], before.items.features[1].learned)
    np.testing.assert_array_equal(learned[3:], fresh[3:])
    np.testing.assert_array_equal(projection, before.items.features[0].learned)
    sealed = Run(folder).manifest.to_json()
    write_json(folder / MANIFEST, {**sealed, "features": {"kind": {"digest": "another", "values": 2}}})
    with pytest.raises(ConfigError, match=r"codes of kind than .* recsys prepare --extend .* something was known"):
        begin_with(now, described, dataset)
    write_json(folder / MANIFEST, sealed)
    other = ItemTableConfig(path=Path("items.csv"), features={"kind": "category", "title": "text"})
    swapped = described.model_copy(update={"data": DataConfig(path=Path("log.csv"), items=other)})
    with pytest.raises(ConfigError, match=r"data\.items\.features are .*'title': 'text'.* they must agree"):
        begin_with(now, swapped, dataset)
