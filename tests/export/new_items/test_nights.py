"""Night after night, an item that was new keeps its row, and a delta carries the newest alone."""

from pathlib import Path

import numpy as np
import pytest

from recsys.bundle import Bundle
from recsys.core.vocabulary import Vocabulary
from recsys.export.backend import backend_of
from recsys.export.delta import make_delta
from recsys.export.new_items.last_night import added_before, model_of
from tests.chain_of_categories import CATEGORIES, COLD, WARM, Trained
from tests.export.new_items.tonight import NEW, added, best_of, titles

pytestmark = pytest.mark.long
KIND = WARM + COLD  # items of a category


def night(trained: Trained, folder: Path, numbers: list[int], since: Path | None) -> list[Bundle]:
    """The bundles of a night whose table has, of each category, the items of these numbers."""
    folder.mkdir()
    rows = [f"{c}-{n},Item {n} of {c},kind {c}" for n in numbers for c in range(CATEGORIES)]
    (folder / "items.csv").write_text("\n".join(["item_id,title,kind", *rows]) + "\n")
    return added(trained, folder / "items.csv", folder, since=since)


def test_on_the_second_night_what_was_new_on_the_first_keeps_its_row(trained: Trained, tmp_path: Path) -> None:
    """Night one adds A and C, night two A to D, night three C and E alone: what is gone stays as it was."""
    a, b, c, d, e = (NEW + place for place in range(5))
    nights = [night(trained, tmp_path / "1", [a, c], None)]
    nights.append(night(trained, tmp_path / "2", [a, b, c, d], nights[0][0].path.parent))
    nights.append(night(trained, tmp_path / "3", [c, e], nights[1][0].path.parent))
    more = (0, 2 * CATEGORIES, CATEGORIES)
    for number in (1, 2):
        for old, new in zip(nights[number - 1], nights[number], strict=True):
            kept = len(old.vocabulary)
            assert len(new.vocabulary) == kept + more[number]
            for ours, theirs in ((old.vocabulary.strings, new.vocabulary.strings), (titles(old), titles(new))):
                assert [ours[row] for row in range(kept)] == [theirs[row] for row in range(kept)]
            rows = [backend_of("tflite").item_rows(model_of(one)) for one in (old, new)]
            assert rows[0] is not None
            assert rows[1] is not None
            np.testing.assert_array_equal(rows[1][: kept + 1], rows[0])
            assert len(rows[1]) == len(rows[0]) + more[number]
            delta = make_delta(old.path, new.path, tmp_path / f"{number}-{old.manifest.variant}")
            row = 4 * 16 if old.manifest.variant == "float32" else 16 + 1
            assert delta.download_bytes < more[number] * row + 8192
            for added_then in {1: (a, b, c, d), 2: (a, b, e)}[number]:
                best = [best_of(new.path, kind, added_then) for kind in range(CATEGORIES)]
                assert best == [f"{(kind + 1) % CATEGORIES}-{added_then}" for kind in range(CATEGORIES)]
    assert {nights[2][0].vocabulary.decode(kept + c + 1) for c in range(CATEGORIES)} == {f"{c}-{e}" for c in range(8)}


def test_what_came_since_last_night_is_counted(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = night(trained, tmp_path / "1", [NEW, NEW + 1], None)
    capsys.readouterr()
    night(trained, tmp_path / "2", [0, NEW, NEW + 2, NEW + 3, NEW + 4], first[0].path.parent)
    said = capsys.readouterr().err
    assert f"{4 * CATEGORIES} items of" in said
    assert f"came after training, {3 * CATEGORIES} of them since last night; {CATEGORIES} were trained" in said
    assert f"{CATEGORIES} of last night that it lacks stay as they were" in said


def test_a_night_that_withdraws_what_was_new_and_brings_nothing_leaves_all_as_it_was(
    trained: Trained, tmp_path: Path
) -> None:
    first = night(trained, tmp_path / "1", [NEW], None)
    second = night(trained, tmp_path / "2", [0], first[0].path.parent)
    for old, new in zip(first, second, strict=True):
        assert new.manifest.model_version == old.manifest.model_version
        assert list(titles(new)) == list(titles(old))


def test_rows_of_another_run_are_not_read(trained: Trained, bundles: list[Bundle]) -> None:
    known = Vocabulary([f"0-{number}" for number in range(KIND)])
    ours = added_before(bundles, known, trained.run.digest)
    theirs = added_before(bundles, known, "another")
    assert ours.names == theirs.names
    assert len(ours.names) == (CATEGORIES - 1) * KIND
    assert ours.vectors is not None
    assert ours.vectors.shape == (len(ours.names), 16)
    assert theirs.vectors is None
