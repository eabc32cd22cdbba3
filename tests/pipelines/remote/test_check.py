"""What a pipeline may not bring to workers on other machines, found before it is submitted."""

import os
import types
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipelines.remote.check import check_pipeline
from pipelines.remote.dry_run import dry_run
from pipelines.runners import Runner
from recsys.config import Config, parse_config
from recsys.core.errors import ConfigError
from recsys.core.local_path import place
from recsys.log.blocks import LogBlock
from recsys.preparation.job import Job
from tests.pipelines.conftest import random_rows, write_log

DATAFLOW = Runner("DataflowRunner", options=("--sdk_container_image=worker:1",))
FLINK = Runner("FlinkRunner")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Of a log and a table of items that lie on this machine's disk."""
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    log = write_log(tmp_path / "log.csv", random_rows(1, events=20))
    items = write_log(tmp_path / "items.csv", [("i1", "red")], "item_id,colour")
    tables = {"items": {"path": str(items), "features": {"colour": "category"}}}
    return parse_config({"data": {"path": str(log), **tables}})


def test_with_a_store_nothing_of_this_machine_travels(config, tmp_path):
    work = place("memory://check/work")
    assert dry_run(config, work, DATAFLOW) > 20
    assert not list((work / "datasets").iterdir())


def test_dataflow_shares_no_disk(config, tmp_path):
    with pytest.raises(ConfigError, match=rf"step 'Blocks' holds the path {tmp_path}.*: give a --work-dir .* store"):
        dry_run(config, tmp_path / "work", DATAFLOW)


@pytest.mark.parametrize("exchange", ["files", "engine"])
def test_other_engines_may_share_the_disk_of_log_and_work_directory(config, tmp_path, exchange):
    assert dry_run(config, tmp_path / "work", Runner("FlinkRunner", exchange=exchange)) > 20


@pytest.mark.parametrize("runner", [Runner(), Runner("FlinkRunner", options=("--environment_type=LOOPBACK",))])
def test_where_workers_run_here_nothing_travels(config, tmp_path, runner):
    with pytest.raises(ConfigError, match=rf"--runner {runner.name} runs them on this one"):
        dry_run(config, tmp_path / "work", runner)


@pytest.mark.parametrize(
    ("runner", "told"),
    [
        (Runner("DataflowRunner"), "would not have this package; give --beam-option=--sdk_container_image"),
        (Runner("FlinkRunner", options=("--s3_secret_access_key=abc",)), "by their environment or role"),
        (Runner("FlinkRunner", options=("--save_main_session",)), "leave it out"),
    ],
)
def test_beams_own_options(config, tmp_path, runner, told):
    with pytest.raises(ConfigError, match=told):
        dry_run(config, place("memory://check/work"), runner)


def use(value: Any, element: Any) -> tuple[Any, Any]:
    return value, element


def map_with(value: Any) -> Callable[[Any], None]:
    """A pipeline of one step whose function holds ``value``."""

    def build(pipeline: Any) -> None:
        import apache_beam as beam

        _ = pipeline | "One" >> beam.Create([1]) | "hold" >> beam.Map(partial(use, value))

    return build


def side_input_with(value: Any) -> Callable[[Any], None]:
    def build(pipeline: Any) -> None:
        import apache_beam as beam

        side = beam.pvalue.AsSingleton(pipeline | "hold" >> beam.Create([value]))
        _ = pipeline | "One" >> beam.Create([1]) | beam.Map(use, side)

    return build


def of_main_session() -> types.FunctionType:
    made = types.FunctionType((lambda: 1).__code__, {"__name__": "__main__"})
    made.__module__ = "__main__"
    return made


def remote_job(config: Config) -> tuple[Job, list[LogBlock]]:
    """As ``plan_inputs`` gives it."""
    job = Job(Path("spill"), Path("target"), config.data.model_copy(update={"path": None, "items": None}),
              config.prepare, 1, 1, store="s3://shop/target")  # fmt: skip
    return job, [LogBlock(0, "s3://shop/log.csv", "/home/me/log.csv", "csv", 0, 9, 2, 1)]


@pytest.mark.parametrize("build", [map_with, side_input_with])
@pytest.mark.parametrize(
    ("held", "told"),
    [
        (Path("/data/log.csv"), "the path /data/log.csv of this machine"),
        (os.__file__.removesuffix("os.py"), "the path .* of this machine"),
        ({"deep": [Path("/data/log.csv")]}, "the path /data/log.csv of this machine"),
    ],
    ids=["path", "text", "deep"],
)
def test_a_path_is_named(config, build, held, told):
    with pytest.raises(ConfigError, match=f"step 'hold.*' holds {told}"):
        check_pipeline(build(held), FLINK, *remote_job(config))


def test_the_main_session_is_named(config):
    with pytest.raises(ConfigError, match="step 'hold' holds an object of this program's main session"):
        check_pipeline(map_with(of_main_session()), FLINK, *remote_job(config))


def test_names_for_messages_and_relative_paths_may_travel(config):
    job, blocks = remote_job(config)
    assert check_pipeline(
        map_with([*blocks, Path("log.csv"), "/no/such/path", "/" * 5000 + "x" * 5000]), FLINK, job, blocks
    )


def test_an_open_file_is_told(config, tmp_path):
    with (
        (tmp_path / "open").open("wb") as file,
        pytest.raises(ConfigError, match=r"cannot travel to its workers: .*BufferedWriter"),
    ):
        check_pipeline(map_with(file), FLINK, *remote_job(config))


def test_a_credential_is_told_by_the_name_of_its_variable(config, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "abcdefgh12345678")
    with pytest.raises(ConfigError, match=r"holds the value of AWS_SECRET_ACCESS_KEY, .* environment or role"):
        check_pipeline(map_with({"key": "abcdefgh12345678"}), FLINK, *remote_job(config))


def test_a_connection_is_told(config):
    s3fs = pytest.importorskip("s3fs")
    with pytest.raises(ConfigError, match=r"holds an open file or connection \((fsspec|s3fs)"):
        check_pipeline(map_with(s3fs.S3FileSystem(anon=True, skip_instance_cache=True)), FLINK, *remote_job(config))
