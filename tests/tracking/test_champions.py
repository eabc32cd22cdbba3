"""Who serves, version after version: what is remembered, what a failure leaves, and who has to wait."""

import threading

import pytest
from mlflow import MlflowClient, MlflowException

from recsys.core.errors import RecsysError
from recsys.core.locks import exclusive
from recsys.tracking.registry.champions import BEFORE_TAG, champions, roll_back, set_champion
from recsys.tracking.registry.registry import version_of
from recsys.tracking.store.store import open_store

NAME = "recommender"
MOST_CHARACTERS = 5000  # of a registered model's tag, in MLflow's tables


@pytest.fixture
def store(tracking, work_dir):
    store = open_store(tracking, work_dir)
    store.client.create_registered_model(NAME)
    return store


def versions(store, count):
    return [version_of(store.client.create_model_version(NAME, "runs:/0/model")) for _ in range(count)]


def test_of_the_champions_before_the_newest_are_remembered(store, monkeypatch, work_dir):
    """Three of five: two rollbacks end where a third has nothing to go back to."""
    monkeypatch.setattr("recsys.tracking.registry.champions.REMEMBERED", 3)
    made = versions(store, 5)
    for version in made:
        set_champion(store, NAME, version, is_best=False)
    for expected in made[3:0:-1]:
        assert roll_back(store, NAME, work_dir)[1].number == expected.number
    with pytest.raises(RecsysError, match="nothing to go back to"):
        roll_back(store, NAME, work_dir)


def test_a_tag_holds_what_is_remembered_of_a_model_with_many_versions(store, monkeypatch):
    first, second = versions(store, 2)
    set_champion(store, NAME, first, is_best=True)
    many = "[" + ", ".join(f'["{100_000 + number}", "100000"]' for number in range(400)) + "]"
    store.client.set_registered_model_tag(NAME, BEFORE_TAG, many)
    set_champion(store, NAME, second, is_best=False)
    kept = store.client.get_registered_model(NAME).tags[BEFORE_TAG]
    assert len(kept) < MOST_CHARACTERS
    assert kept.endswith(f'["100399", "100000"], ["{first.number}", "{first.number}"]]')


def test_a_champion_that_did_not_come_about_is_not_gone_back_to(store, monkeypatch, work_dir):
    first, second, third = versions(store, 3)
    set_champion(store, NAME, first, is_best=True)
    set_champion(store, NAME, second, is_best=True)
    with monkeypatch.context() as away:
        away.setattr(MlflowClient, "set_registered_model_alias", _refused)
        with pytest.raises(RecsysError):
            set_champion(store, NAME, third, is_best=True)
    assert champions(store, NAME).champion.number == second.number
    assert [one.number for one in roll_back(store, NAME, work_dir)] == [second.number, first.number]


def _refused(*_):
    raise MlflowException("the store is away")


def test_a_rollback_waits_for_a_promotion(store, work_dir):
    for version in versions(store, 2):
        set_champion(store, NAME, version, is_best=True)
    rolling = threading.Thread(target=roll_back, args=(store, NAME, work_dir))
    with exclusive(work_dir):
        rolling.start()
        rolling.join(0.5)
        assert rolling.is_alive()
        assert champions(store, NAME).champion.number == "2"
    rolling.join()
    assert champions(store, NAME).champion.number == "1"


def test_a_rollback_needs_no_work_directory(store, work_dir):
    for version in versions(store, 2):
        set_champion(store, NAME, version, is_best=True)
    assert roll_back(store, NAME, work_dir / "nowhere")[1].number == "1"
