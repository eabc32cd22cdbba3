"""The table of what a setting of ``prepare`` blocks is held to the datasets that the setting makes."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from pipelines import prepare
from pipelines.prepare import Request
from pipelines.runners import Runner
from recsys.artifacts.compatibility import (
    PREPARE_SETTINGS,
    blocking_setting,
    check_extends,
    check_trainable,
    prepared_with,
)
from recsys.artifacts.dataset import Dataset
from recsys.config import parse_config
from recsys.config.prepare import PrepareConfig
from recsys.core.errors import ArtifactError, ConfigError
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST
from recsys.log.blocks import LogBlock
from recsys.preparation import file_steps as steps
from recsys.preparation.exchange.spill import ITEM_PARTITIONS
from recsys.preparation.job import Job
from tests.pipelines.conftest import histories, random_rows, write_log

TEMPORAL = {"split": "temporal", "validation_from": "1970-01-01T00:00:25Z", "test_from": "1970-01-01T00:00:35Z"}
LAST = {"split": "last_session"}


class Case(NamedTuple):
    """A setting before and now, in the company of others."""

    key: str
    before: Any
    now: Any
    beside: Mapping[str, Any] = MappingProxyType({})


CASES = [
    Case("k_core", 1, 4),
    Case("min_item_events", 1, 12),
    Case("max_items", None, 8),
    Case("oov_buckets", 0, 2, {"max_items": 8}),
    Case("drop_duplicates", True, False),
    Case("drop_repeats", False, True),
    Case("bots", None, {"events": 5, "seconds": 10}),
    Case("max_user_events", None, 4),
    Case("max_rejected_share", 0.01, 0.5),
    Case("split", "leave_one_out", "last_session", {"session_gap_minutes": 0.05}),
    Case("fit_on", "all", "train", {"k_core": 4}),
    Case("validation_from", "1970-01-01T00:00:20Z", TEMPORAL["validation_from"], TEMPORAL),
    Case("test_from", "1970-01-01T00:00:30Z", TEMPORAL["test_from"], TEMPORAL),
    Case("session_gap_minutes", 30, 0.05),
    Case("session_gap_minutes", 0.05, 0.1, LAST),
    Case("keep_events", True, False),
    Case("events_per_shard", 50, 500_000),
]
NAMES = [f"{case.key}{' among others' * bool(case.beside)}" for case in CASES]


@pytest.fixture(autouse=True)
def steps_without_beam(monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other: the settings are tried here, not the runner."""

    def run_all(job: Job, blocks: list[LogBlock], runner: Runner) -> dict[str, list[dict[str, Any]]]:
        done = {"read": [steps.read(job, block) for block in blocks]}
        done["merge"] = [steps.merge(job, number) for number in range(ITEM_PARTITIONS)]
        sizes = [partition["items"] for partition in done["merge"]]
        done["clean"] = [steps.clean(job, (sizes, bucket)) for bucket in range(job.buckets)]
        done["fit"] = [steps.fit(job, sizes)]
        done["write"] = [steps.write(job, bucket) for bucket in range(job.buckets)]
        return done

    monkeypatch.setattr(prepare, "run_steps", run_all)


def night(number: int) -> list[tuple[str, str, int, int]]:
    rows = random_rows(60 + number, events=200)
    rows = [(user, item, 50 * number + time, 1000 * number + arrival) for user, item, time, arrival in rows]
    return rows + [(*row[:3], row[3] + 500) for row in rows[:20]]  # exact duplicates


def content(dataset: Dataset) -> dict[str, tuple[list[str | None], int, int]]:
    """What a training reads: items, and how many of them train and validate, by user."""
    sequences = dataset.sequences
    ends = zip(sequences.users, sequences.train_end.tolist(), sequences.validation_end.tolist(), strict=True)
    kept = histories(dataset)
    return {user: (kept[user], train_end, validation_end) for user, train_end, validation_end in ends}


def test_every_setting_is_in_the_table_and_tried() -> None:
    assert set(PREPARE_SETTINGS) == set(PrepareConfig.model_fields) == {case.key for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_what_blocks_training_is_what_makes_other_sequences(
    case: Case, tmp_path: Any, make: Callable[..., Dataset]
) -> None:
    log = write_log(tmp_path / "log.csv", night(0))
    before, now = (make(log, **{**case.beside, case.key: value}) for value in (case.before, case.now))
    settings = prepared_with(before), prepared_with(now)
    differs = content(before) != content(now)
    assert blocking_setting("training", *settings) == (case.key if differs else None)
    assert blocking_setting("training", *reversed(settings)) == (case.key if differs else None)
    trained = [{user: items[:end] for user, (items, end, _) in content(one).items()} for one in (before, now)]
    goes_on = all(items == trained[1].get(user, [])[: len(items)] for user, items in trained[0].items())
    if case.key in ("validation_from", "test_from"):  # before is the earlier moment
        assert goes_on
        assert blocking_setting("warm_start", *settings) is None
        assert blocking_setting("warm_start", *reversed(settings)) == case.key
    else:
        assert blocking_setting("warm_start", *settings) == (case.key if differs else None)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_what_does_not_block_extending_gives_what_a_rebuild_gives(
    case: Case, tmp_path: Any, make: Callable[..., Dataset]
) -> None:
    parts = [write_log(tmp_path / f"{number}.csv", night(number)) for number in (0, 1)]
    kept = {"keep_events": True, **case.beside}
    first = make(parts[0], **{**kept, case.key: case.before})
    now = {**kept, case.key: case.now}
    if case.key == "max_user_events":
        with pytest.raises(ConfigError, match=r"made with prepare.max_user_events None, the config says 4"):
            make(parts[1], request=Request(extends=first), **now)
        return
    extended = make(parts[1], request=Request(extends=first), **now)
    assert content(extended) == content(make(write_log(tmp_path / "all.csv", night(0) + night(1)), **now))


@pytest.mark.parametrize(
    ("settings", "blocked"),
    [
        ({"split": "last_session"}, "split"),
        ({"validation_from": "1970-01-01T00:00:30"}, "validation_from"),
        ({"test_from": "1970-01-01T00:00:40"}, None),
        ({"k_core": 2}, None),
    ],
)
def test_a_cap_keeps_the_split_that_it_was_cut_by(settings: dict[str, Any], blocked: str | None) -> None:
    beside = {} if "split" in settings else TEMPORAL
    before, now = (PrepareConfig.model_validate({"max_user_events": 9, **beside, **more}) for more in ({}, settings))
    assert blocking_setting("extending", before, now) == blocked


def test_a_moment_is_the_same_however_it_is_spelled() -> None:
    other = {"validation_from": "1970-01-01T02:00:25+02:00", "test_from": "1970-01-01T00:00:35"}
    before, now = (PrepareConfig.model_validate({**TEMPORAL, **more}) for more in ({}, other))
    assert {blocking_setting(use, before, now) for use in ("extending", "training", "warm_start")} == {None}


def test_types_and_features_are_those_that_the_dataset_was_made_with(
    tmp_path: Any, make: Callable[..., Dataset]
) -> None:
    log = write_log(
        tmp_path / "log.csv", [(*row, "buy") for row in night(0)], "user_id,item_id,timestamp,event_id,kind"
    )
    (tmp_path / "items.csv").write_text("item_id,genre\n" + "".join(f"i{n},g\n" for n in range(9)))
    items = {"path": str(tmp_path / "items.csv"), "features": {"genre": "category"}}
    data = {"columns": {"event_id": "event_id", "event_type": "kind"}, "event_types": {"buy": {}}, "items": items}
    dataset = make(log, data=data)
    prepare = dataset.manifest.inputs.prepare
    check_trainable(dataset, parse_config({"data": {"path": "other.csv", **data}, "prepare": prepare}))
    for key, value, told in (
        ("event_types", {"buy": {"weight": 3}}, r"data\.event_types .*, the config says .*'weight': 3.0"),
        ("items", {**items, "features": {}}, r"data\.items\.features .*'genre': 'category'.*, the config says none"),
        ("relations", {"path": "goes-with.csv"}, r"data\.relations none, the config says a table"),
    ):
        config = parse_config({"data": {"path": "other.csv", **data, key: value}, "prepare": prepare})
        with pytest.raises(ConfigError, match=told):
            check_trainable(dataset, config)


def test_types_recorded_before_a_key_existed_extend(tmp_path: Any, make: Callable[..., Dataset]) -> None:
    log = write_log(
        tmp_path / "log.csv", [(*row, "buy") for row in night(0)], "user_id,item_id,timestamp,event_id,kind"
    )
    data = {"columns": {"event_id": "event_id", "event_type": "kind"}, "event_types": {"buy": {}}}
    dataset = make(log, data=data, keep_events=True)
    config = parse_config({"data": {"path": "other.csv", **data}, "prepare": dataset.manifest.inputs.prepare})
    manifest = dataset.manifest.to_json()
    manifest["inputs"]["data"]["event_types"] = {"buy": {"weight": 1.0}}
    write_json(dataset.path / MANIFEST, manifest)
    check_extends(Dataset(dataset.path), config)
    manifest["inputs"]["data"]["event_types"] = {"buy": {"weight": 2.0}}
    write_json(dataset.path / MANIFEST, manifest)
    with pytest.raises(ConfigError, match=r"made with data\.event_types .*; they must agree"):
        check_extends(Dataset(dataset.path), config)


def test_a_setting_that_came_since_counts_as_its_default(tmp_path: Any, make: Callable[..., Dataset]) -> None:
    """A dataset from before it existed is used; one from after a setting that is gone is used where that was null."""
    dataset = make(write_log(tmp_path / "log.csv", night(0)), k_core=2)
    config = parse_config({"data": {"path": "log.csv"}, "prepare": {"k_core": 2}})
    made = dataset.manifest.inputs.prepare

    def older(**settings: Any) -> Dataset:
        kept = {key: value for key, value in made.items() if key not in ("bots", "drop_repeats")}
        manifest = dataset.manifest.to_json()
        manifest["inputs"]["prepare"] = {**kept, **settings}
        write_json(dataset.path / MANIFEST, manifest)
        return Dataset(dataset.path)

    check_trainable(older(gone=None), config)
    with pytest.raises(ConfigError, match=r"made with prepare.drop_repeats True, the config says False"):
        check_trainable(older(drop_repeats=True), config)
    with pytest.raises(ArtifactError, match=r"(?s)inputs.prepare.*gone: unknown key"):
        check_trainable(older(gone=3), config)
