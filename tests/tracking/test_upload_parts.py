"""What single parts of an upload say: the machine's samples, a run's dataset, its model card."""

import json
import shutil

import pytest

from recsys.artifacts.finding import dataset_of, find_dataset
from recsys.core.errors import ArtifactError
from recsys.core.json_files import write_json
from recsys.tracking.models.model_card import model_card
from recsys.tracking.upload.record import dataset_inputs
from recsys.tracking.upload.system import SystemMetrics


def test_a_sample_of_the_machine_is_eight_numbers_under_mlflows_names() -> None:
    system = SystemMetrics()
    system.sample()
    system.sample()
    first, second = system.pending[:8], system.pending[8:]
    assert {one.key for one in first} == {
        "system/cpu_utilization_percentage",
        "system/system_memory_usage_megabytes",
        "system/system_memory_usage_percentage",
        "system/disk_usage_percentage",
        "system/disk_usage_megabytes",
        "system/disk_available_megabytes",
        "system/network_receive_megabytes",
        "system/network_transmit_megabytes",
    }
    assert [one.step for one in first] == [0] * 8
    assert [one.step for one in second] == [1] * 8
    assert all(0 <= one.value <= 100 for one in system.pending if one.key.endswith("percentage"))
    assert all(one.value >= 0 for one in system.pending)
    memory = next(one for one in first if one.key.endswith("memory_usage_megabytes"))
    assert memory.value > 10  # this very process takes more


def test_the_dataset_of_a_run_is_found_here_or_where_it_was(make_run, work_dir, tmp_path):
    run = make_run()
    assert dataset_of(run, work_dir).digest == run.manifest.dataset_digest
    shutil.rmtree(work_dir / "datasets")
    with pytest.raises(ArtifactError):
        dataset_of(run, work_dir)


def test_a_datasets_splits_are_inputs_with_its_digest_and_counts(make_run, work_dir):
    run = make_run()
    dataset = find_dataset(work_dir, run.manifest.dataset_digest)
    inputs = dataset_inputs(run, dataset)
    assert [one.dataset.name for one in inputs] == ["log-training", "log-validation", "log-test"]
    assert {one.dataset.digest for one in inputs} == {dataset.digest}
    assert json.loads(inputs[0].dataset.source) == {"uri": str(dataset.path)}
    assert json.loads(inputs[0].dataset.profile) == {"read": 100, "written": 90}
    assert [tag.value for tag in inputs[2].tags] == ["test", "leave_one_out"]
    gone = dataset_inputs(run, None)
    assert [one.dataset.profile for one in gone] == [one.dataset.profile for one in inputs]


def test_a_model_card_says_what_was_learned_how_well_and_what_it_cost(make_run):
    run = make_run(seed=4)
    card = model_card(run)
    reached = run.metrics["model"]
    assert card.startswith("## toy\n")
    assert "protocol leave_one_out, test split, the whole catalog ranked; seed 4, best epoch 3." in card
    assert f"| model | {reached['hr@10']:.4f} | {reached['ndcg@10']:.4f} | {reached['mrr']:.4f} |" in card
    assert "| popularity | 0.1000 | 0.0500 | 0.0200 |" in card
    assert f"dataset `{run.manifest.dataset_digest}`" in card
    assert "1,000 parameters, 5,000 multiply-adds a ranking, 60 s to train" in card
    assert "uncommitted" not in card
    metrics = {**run.metrics, "request_time": True}
    write_json(run.metrics_file, metrics)
    told = model_card(run)
    assert "test split, the time of the request known, the whole catalog ranked" in told


def test_a_model_card_says_what_the_model_reads(make_run):
    run = make_run()
    assert model_card(run).endswith(
        "Of each event it reads the item and its order. It ranks the items of its vocabulary and no others, by their "
        "ids alone. Its transition memory shows people what others went on to."
    )
    config = run.config
    config["model"] |= {"request_time": True, "event_types": True, "event_values": True}
    features = {"genres": "category", "title": "text"}
    config["data"] |= {"items": {"path": "items.csv", "features": features}, "relations": {"nearest": 3}}
    write_json(run.config_file, config)
    assert model_card(run).endswith(
        "Of each event it reads the item, its order, how long before the request it happened, its type and its value. "
        "It ranks the items of its vocabulary and no others, whose `genres` and `title` it reads, too. Its transition "
        "memory shows people what others went on to and what is related to what they had."
    )
    config["model"]["memory"] = None
    write_json(run.config_file, config)
    assert "memory" not in model_card(run)
