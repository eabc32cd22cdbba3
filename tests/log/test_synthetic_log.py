"""The written log is what the manifest and the chain say it is."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError, ConfigError
from recsys.log.synthetic import log as synthetic_log
from recsys.log.synthetic.log import SyntheticLog


def read(directory: Path) -> pd.DataFrame:
    return pd.read_csv(directory / "events.csv")


def test_columns_order_and_arrival_numbers(tmp_path: Path) -> None:
    manifest = SyntheticLog(users=30, items=20, mean_length=10).write(tmp_path / "log")
    events = read(tmp_path / "log")
    assert events.columns.tolist() == ["user_id", "item_id", "timestamp", "event_id"]
    assert manifest["events"] == len(events) == 300
    assert events.event_id.tolist() == list(range(1, 301))
    assert events.timestamp.is_monotonic_increasing
    assert sorted(events.user_id.unique()) == list(range(1, 31))
    assert events.item_id.between(1, 20).all()


def test_every_user_walks_the_chain_at_strictly_rising_times(tmp_path: Path) -> None:
    log = SyntheticLog(users=25, items=15, mean_length=12, length_sigma=0.8, branching=3, seed=5)
    chain = SyntheticLog(**log.write(tmp_path / "log")["made_from"]).chain
    for _, history in read(tmp_path / "log").groupby("user_id"):
        assert (np.diff(history.timestamp) > 0).all()
        items = history.item_id.to_numpy() - 1
        assert all(after in chain.successors[before] for before, after in pairwise(items))


def test_best_is_that_of_the_users_last_events(tmp_path: Path) -> None:
    log = SyntheticLog(users=40, items=15, mean_length=8, length_sigma=0.5, branching=4)
    best = log.write(tmp_path / "log")["best"]
    before_last = read(tmp_path / "log").groupby("user_id").item_id.apply(lambda items: items.iloc[-2]) - 1
    assert best == pytest.approx(log.chain.best_metrics(before_last.to_numpy(np.int32), 10))


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    hashes = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        SyntheticLog(users=20, items=10, seed=seed, zipf=1.0).write(tmp_path / name)
        hashes.append(sha256_file(tmp_path / name / "events.csv"))
    assert hashes[0] == hashes[1] != hashes[2]


def test_blocks_are_written_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthetic_log, "BLOCK_EVENTS", 50)
    log = SyntheticLog(users=20, items=10, mean_length=10, heavy_user=120)
    assert log.write(tmp_path / "log")["events"] == 320
    events = read(tmp_path / "log")
    lengths = events.user_id.value_counts().sort_index()
    assert lengths.tolist() == [120] + [10] * 20
    assert events.event_id.tolist() == list(range(1, 321))
    for _, history in events.groupby("user_id"):
        assert history.timestamp.is_monotonic_increasing


def test_lengths_are_log_normal_around_their_mean() -> None:
    lengths = SyntheticLog(users=20_000, items=10, mean_length=50, length_sigma=0.7).lengths()
    # the standard deviation of one length is 50 * sqrt(exp(0.49) - 1) = 40; of the mean of 20,000: 0.28
    assert lengths.mean() == pytest.approx(50, abs=3 * 0.28)
    assert np.log(lengths).std() == pytest.approx(0.7, abs=0.03)


def test_an_existing_log_is_not_clobbered(tmp_path: Path) -> None:
    log = SyntheticLog(users=3, items=5)
    log.write(tmp_path / "log")
    with pytest.raises(ArtifactError, match="already there; pass --overwrite"):
        log.write(tmp_path / "log")
    log.write(tmp_path / "log", overwrite=True)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("users", 0, "users must be at least 1, found 0"),
        ("mean_length", 2, "mean_length must be at least 3"),
        ("zipf", -1.0, "zipf must be at least 0, found -1.0"),
        ("heavy_user", 2, "heavy_user must be 0 or at least 3"),
    ],
)
def test_a_field_out_of_range_is_named(field: str, value: float, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        SyntheticLog(**{"users": 5, "items": 5, field: value})  # type: ignore[arg-type]
