"""What nobody has touched is ranked by what it is related to, and an explanation names what it is related to."""

from pathlib import Path

import numpy as np
import pytest

import recsys
from recsys.config import Config, parse_config
from tests.chain_of_categories import CATEGORIES, COLD, WARM, chain_config, write_chain

pytestmark = pytest.mark.long


def follower(category: int, number: int) -> str:
    """The one cold item that an item is related to."""
    return f"{(category + 1) % CATEGORIES}-{WARM + number % COLD}"


def related_config(folder: Path) -> Config:
    """The chain, without a feature that tells items apart: who goes on to which cold item, relations alone say."""
    write_chain(folder)
    names = [f"{c}-{n}" for c in range(CATEGORIES) for n in range(WARM + COLD)]
    (folder / "alike.csv").write_text("\n".join(["item_id,kind", *(f"{name},any" for name in names)]) + "\n")
    lines = ["item_id,related_id"]
    for category in range(CATEGORIES):
        for number in range(WARM):
            followed = (category + 1) % CATEGORIES
            lines += [f"{category}-{number},{followed}-{(number + step) % WARM}" for step in range(3)]
            lines.append(f"{category}-{number},{follower(category, number)}")
    (folder / "relations.csv").write_text("\n".join(lines) + "\n")
    raw = chain_config(folder, {"kind": "category"}, memory={"newest": 4, "neighbours": 16}).to_json()
    raw["data"]["items"] = {"path": str(folder / "alike.csv"), "features": {"kind": "category"}}
    raw["data"]["relations"] = {"path": str(folder / "relations.csv")}
    raw["training"]["epochs"] = 8
    raw["training"]["cold_cost"] = 0.0  # new items rise by their relations alone
    raw["export"]["signatures"] = ["explain"]
    return parse_config(raw)


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> list[recsys.Reranker]:
    folder = tmp_path_factory.mktemp("related")
    config = related_config(folder)
    dataset = recsys.prepare(config, folder / "work")
    run = recsys.train(config, dataset, folder / "work")
    return [recsys.Reranker(one.path) for one in recsys.export_bundles(run, dataset, config, folder / "work")]


def history(category: int, number: int) -> list[recsys.Event]:
    return [recsys.Event(f"{(category - back) % CATEGORIES}-{number}", 10 - back) for back in range(5)]


CASES = [(category, number) for category in range(CATEGORIES) for number in range(WARM)]


def test_cold_items_are_ranked_by_what_was_watched(phone: list[recsys.Reranker]) -> None:
    colds = [f"{c}-{WARM + n}" for c in range(CATEGORIES) for n in range(COLD)]
    for reranker in phone:
        first = [reranker.rerank(history(*case), colds)[0].item == follower(*case) for case in CASES]
        assert np.mean(first) > 0.9, "at random 1 of 32"


def test_they_take_their_place_among_all_items(phone: list[recsys.Reranker]) -> None:
    catalog = phone[0].catalogue()
    ranked = [[one.item for one in phone[0].rerank(history(*case), catalog)] for case in CASES]
    places = [order.index(follower(*case)) for case, order in zip(CASES, ranked, strict=True)]
    assert np.median(places) < 0.3 * len(catalog), "at random half of them come before it"


def test_an_explanation_names_what_it_is_related_to(phone: list[recsys.Reranker]) -> None:
    """Of five events the newest is related to the candidate; without it the score falls most."""
    for reranker in phone:
        blamed = []
        for case in CASES[::7]:
            encoded = reranker.encode_history(history(*case))
            candidate = reranker.encode_candidates([follower(*case)])
            told = reranker.run("explain", **encoded.inputs(), candidates=candidate[None])["attribution"]
            blamed.append(int(told[0].argmax()) == told.shape[1] - 1)
        assert np.mean(blamed) > 0.8, "at random 1 of 5"
