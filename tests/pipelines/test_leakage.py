"""Nothing in the training part, nor what is fitted on it, knows what it must not."""

import pytest

from tests.pipelines.conftest import histories, random_rows, write_log

TEMPORAL = {"split": "temporal", "validation_from": "1970-01-01T00:00:20", "test_from": "1970-01-01T00:00:30"}


def changed_future(rows, since):
    """The same past, another future: half of it of items never seen, the rest all of one item, and a burst of u1's."""
    past = [row for row in rows if row[2] < since]
    burst = [("u1", f"i{n % 5}", since + 15, 10_000 + n) for n in range(8)]
    future = [(row[0], "i0" if row[3] % 2 else f"new{row[3] % 3}", *row[2:]) for row in rows if row[2] >= since]
    return past + future + burst


def training(dataset):
    sequences = dataset.sequences
    return {
        user: sequences.items[start : start + end].tolist()
        for user, start, end in zip(sequences.users, sequences.offsets[:-1], sequences.train_end, strict=True)
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "settings",
    [
        {"k_core": 3},
        {"k_core": 1, "oov_buckets": 2, "max_items": 9},
        {"max_user_events": 4},
        {"bots": {"events": 3, "seconds": 3}},
        {"drop_repeats": True},
    ],
)
def test_a_temporal_split_is_fitted_on_the_past(tmp_path, make, settings):
    rows = random_rows(40)
    one = make(write_log(tmp_path / "one.csv", rows), **TEMPORAL, **settings)
    other = make(write_log(tmp_path / "other.csv", changed_future(rows, 20)), **TEMPORAL, **settings)
    assert one.digest != other.digest
    assert one.items.equals(other.items)
    assert training(one) == training(other)
    sequences = one.sequences
    for split, first, last in (("train", 0, 20_000), ("validation", 20_000, 30_000), ("test", 30_000, 40_000)):
        _, positions = sequences.targets(split)
        times = sequences.timestamps[positions]
        assert len(times)
        assert (first <= times).all()
        assert (times < last).all()


def test_cold_users_and_items_are_counted(tmp_path, make):
    rows = [(f"u{n % 5}", f"i{n % 4}", n % 20, n) for n in range(100)]
    rows += [("new", "i1", 25, 200), ("new", "i2", 35, 201), ("u1", "unseen", 35, 202), ("u2", "i1", 35, 203)]
    dataset = make(write_log(tmp_path / "log.csv", rows), **TEMPORAL)
    assert dataset.counts["dropped"]["cold_user"] == 2
    assert dataset.counts["dropped"]["cold_item"] == 1
    assert dataset.counts["cold"] == {"items": 1, "users": 1}
    assert dataset.counts["test"] == 1
    assert "new" not in histories(dataset)


@pytest.mark.parametrize("split", ["leave_one_out", "last_session"])
def test_fitting_on_train_does_not_see_the_last_events(tmp_path, make, split):
    """Other items in what validates and tests: the vocabulary, its counts and the core stay."""
    rows = sorted(random_rows(41), key=lambda row: (row[0], row[2], row[3]))
    rows = [(user, item, 1000 * n, n) for n, (user, item, *_) in enumerate(rows)]  # no ties, a session an event
    settings = {"split": split, "fit_on": "train", "k_core": 2, "session_gap_minutes": 1, "drop_duplicates": False}
    one = make(write_log(tmp_path / "one.csv", rows), **settings)
    of_user = {user: [row for row in rows if row[0] == user] for user in {row[0] for row in rows}}
    other_rows = []
    for mine in of_user.values():
        last = 2 if len(mine) >= 3 else 0
        other_rows += mine[: len(mine) - last]
        late = mine[len(mine) - last :]
        other_rows += [(user, f"late{n % 2}" if n % 3 else "i0", time, n) for user, _, time, n in late]
    other = make(write_log(tmp_path / "other.csv", other_rows), **settings)
    assert one.items.equals(other.items)
    assert training(one) == training(other)
    assert other.counts["cold"]["items"] == 2
