"""Columns that stand in the names of folders, and the same log without folders."""

import json
from pathlib import Path

import pandas as pd
import pytest

from pipelines.prepare import prepare
from recsys.artifacts.dataset import SEQUENCES_DIR
from recsys.config import parse_config
from recsys.core.errors import DataError
from recsys.log.partitions import partitions_of

ROWS = [(f"u{user}", f"i{(user * step) % 7}", f"2026-11-{10 + step}", "buy" if step % 2 else "look")
        for user in range(1, 9) for step in range(5)]  # fmt: skip
LOG = pd.DataFrame(ROWS, columns=["user_id", "item_id", "day", "kind"])


def test_names_are_decoded():
    path = Path("above=1/a=b/kind=a%2Fb/empty=/plain/c=d.csv")
    assert partitions_of(path, Path("above=1")) == (("a", "b"), ("kind", "a/b"), ("empty", ""))


def test_folders_above_the_log_say_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "kind=buy" / "logs" / "day=2026-11-01"
    folder.mkdir(parents=True)
    LOG.drop(columns=["kind", "day"]).to_csv(folder / "part.csv", index=False)
    for path in (folder.parent, folder.parent / "*" / "*.csv"):
        with pytest.raises(DataError, match="'kind'"):
            prepare(parse_config(config_of(path)), tmp_path / "work")


def test_what_a_row_says_itself_counts_and_what_is_no_text_is_refused_alone(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "kind=buy"
    folder.mkdir(parents=True)
    said = [{"kind": "look"}, {}, {"kind": 1.5}, {}]
    rows = [{"user_id": "u", "item_id": f"i{n}", "day": f"2026-11-0{n + 1}", **more} for n, more in enumerate(said)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = config_of(tmp_path / "logs")
    config["prepare"] = {"k_core": 1, "max_rejected_share": 1.0}
    events = prepare(parse_config(config), tmp_path / "work").artifact.client_events(0, 3)
    assert [event.event_type for event in events] == ["look", "buy", "buy"]


def test_a_gap_in_a_files_own_column_is_a_gap(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "day=2026-11-09"
    folder.mkdir(parents=True)
    text = "user_id,item_id,day,kind\n" + "".join(f"u,i{n},2026-11-0{n + 1},buy\n" for n in range(4)) + "u,j,,buy\n"
    (folder / "a.csv").write_text(text)
    config = config_of(tmp_path / "logs")
    config["prepare"] = {"k_core": 1, "max_rejected_share": 1.0}
    counts = prepare(parse_config(config), tmp_path / "work").artifact.counts
    assert (counts["events"], sum(counts["rejected"].values())) == (4, 1)


def config_of(path: Path) -> dict[str, object]:
    columns = {"timestamp": "day", "event_type": "kind"}
    data = {"path": str(path), "columns": columns, "timestamp_unit": "iso8601", "event_types": {"buy": {}, "look": {}}}
    return {"data": data, "prepare": {"k_core": 1}}


@pytest.mark.long
@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_partitions_and_one_file_make_the_same_shards(tmp_path: Path, ending: str, capsys) -> None:
    for (day, kind), part in LOG.groupby(["day", "kind"]):
        folder = tmp_path / "parts" / f"day={day}" / f"kind={kind}"
        folder.mkdir(parents=True)
        file, rest = folder / f"part-0.{ending}", part[["user_id", "item_id"]]
        if ending == "csv":
            rest.to_csv(file, index=False)
        elif ending == "parquet":
            rest.to_parquet(file)
        else:
            file.write_text("".join(json.dumps(row) + "\n" for row in rest.to_dict("records")))
    (tmp_path / "parts" / "_SUCCESS").write_text("")
    LOG.to_csv(tmp_path / "flat.csv", index=False)
    shards = []
    for path in (tmp_path / "parts", tmp_path / "flat.csv"):
        made = prepare(parse_config(config_of(path)), tmp_path / "work").artifact
        shards.append({name: sha for name, sha in made.manifest.files.items() if name.startswith(SEQUENCES_DIR)})
        assert made.counts["events"] == len(LOG)
    assert shards[0] == shards[1]
    assert "passed over 1 hidden or temporary files, such as _SUCCESS" in capsys.readouterr().err


def test_what_a_folder_says_is_part_of_what_a_dataset_is_named_by(tmp_path: Path) -> None:
    made = []
    for day in ("2026-11-01", "2026-11-02"):
        folder = tmp_path / day / f"day={day}"
        folder.mkdir(parents=True)
        LOG.drop(columns="day").to_csv(folder / "part.csv", index=False)
        made.append(prepare(parse_config(config_of(tmp_path / day)), tmp_path / "work").artifact)
    first, second = ((one.sequences.timestamps[0], one.path) for one in made)
    assert second[0] - first[0] == 86_400_000
    assert first[1] != second[1]
