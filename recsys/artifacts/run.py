"""The run artifact: what one training made. Local files are the truth; MLflow has a copy.

While it trains, a run lies in a directory with ``manifest.json`` status ``running``: its history grows line by
line and its checkpoint is replaced by renames, so that a killed run resumes. ``finish`` seals it with hashes.
"""

import glob
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from recsys.artifacts.artifact import Artifact
from recsys.artifacts.evaluation import Evaluation
from recsys.artifacts.manifests import RunManifest
from recsys.core.artifact import artifacts, file_hashes
from recsys.core.errors import ArtifactError
from recsys.core.json_files import read_json, write_json
from recsys.core.publishing import ASIDE, appearing
from recsys.core.schema import MANIFEST


class Run(Artifact[RunManifest]):
    """A run directory and the paths of everything in it.

    Files: ``config.json`` (the whole config), ``history.jsonl`` (one object an epoch: ``epoch`` and metrics),
    ``checkpoint/`` (what resuming needs), ``weights.npz`` (the best epoch's arrays by name, no pickles),
    ``metrics.json`` (the evaluation; of one that did not read the test, validation's part alone), ``ranks.parquet`` (a
    row a target: user, target, rank, split and what segments go by), ``baselines/NAME.parquet`` (the same of each
    baseline), ``plots/*.png``, ``environment.txt`` (the packages that trained it, with their versions).
    Beside the seal, and no part of it, further evaluations lie in ``evaluations/``, that of a test which was read later
    among them.
    """

    kind = "run"
    format_version = 1
    manifest_type = RunManifest
    sealed = ("config.json", "weights.npz")

    def __init__(self, path: Path | str) -> None:
        super().__init__(path)
        self.config_file = self.path / "config.json"
        self.history_file = self.path / "history.jsonl"
        self.checkpoint_dir = self.path / "checkpoint"
        self.weights_file = self.path / "weights.npz"
        self.metrics_file = self.path / "metrics.json"
        self.ranks_file = self.path / "ranks.parquet"
        self.baselines_dir = self.path / "baselines"
        self.plots_dir = self.path / "plots"
        self.evaluations_dir = self.path / "evaluations"
        self.environment_file = self.path / "environment.txt"

    @classmethod
    def create(cls, path: Path, config: dict[str, Any], facts: dict[str, Any]) -> "Run":
        """A new run, or the unfinished one of the same digest to go on with.

        Args:
            config: the whole config as JSON.
            facts: what the manifest says beside it (``digest``, ``name``, ``seed``, ``dataset_digest``, …).
        """
        run = cls(path)
        if run.is_started:
            for left in filter(Path.is_file, path.rglob(f".*{ASIDE}*")):  # a kill left it half-written
                left.unlink()
            return run
        path.mkdir(parents=True, exist_ok=True)
        run.plots_dir.mkdir(exist_ok=True)
        write_json(run.config_file, config)
        write_json(path / MANIFEST, {**cls.heading(), "status": "running", **facts})
        return run

    @property
    def is_started(self) -> bool:
        return (self.path / MANIFEST).exists()

    @property
    def is_finished(self) -> bool:
        return self.is_started and self.manifest.status == "finished"

    def check_finished(self) -> None:
        """Raises ArtifactError when no run is here, or its training has not ended."""
        if self.manifest.status != "finished":
            raise ArtifactError(f"{self.path}: training has not finished; the command that started it goes on with it")

    @property
    def digest(self) -> str:
        return self.manifest.digest

    @property
    def weights_digest(self) -> str:
        """SHA-256 of the sealed weights: what is made of them is named by it. Raises as ``check_finished``."""
        self.check_finished()
        return self._hashes()[self.weights_file.name]

    def verify(self) -> Self:
        """As every artifact's; raises as ``check_finished``, too."""
        self.check_finished()
        return super().verify()

    @property
    def config(self) -> dict[str, Any]:
        return self._read(self.config_file)

    @property
    def metrics(self) -> dict[str, Any]:
        return self._read(self.metrics_file)

    @property
    def evaluations(self) -> list[Evaluation]:
        """What was measured of it after its seal, in the order of the names."""
        return [Evaluation(path) for path in artifacts(self.evaluations_dir)]

    @property
    def measured(self) -> "Run | Evaluation":
        """Whose files have the figures and ranks of each split that was read: itself, or what read its test later.

        Raises:
            ArtifactError: as ``weights_digest``; or the evaluation that read the test is damaged.
        """
        later = (one for one in self.evaluations if one.ranks_file.is_file())
        return next((one for one in later if one.verify().manifest.weights == self.weights_digest), self)

    @property
    def is_test_read(self) -> bool:
        """Whether its test was read: at its seal or later. Raises as ``measured``."""
        return "model" in self.measured.metrics

    def baseline_files(self) -> dict[str, Path]:
        """The ranks of each baseline that was held against this run, at its seal or later, by the baseline's name."""
        later = sorted(self.evaluations, key=lambda one: one.ranks_file.is_file())  # what read a test counts last
        directories = [self.baselines_dir, *(one.baselines_dir for one in later)]
        found = [file for directory in directories for file in sorted(directory.glob("*.parquet"))]
        return {file.stem: file for file in found}

    def history(self) -> Iterator[dict[str, Any]]:
        """The epochs logged so far; a last line cut short by a kill is left out."""
        if not self.history_file.exists():
            return
        for line in self.history_file.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                return

    def log_epoch(self, metrics: dict[str, Any]) -> None:
        """Append one epoch to the history, on disk before this returns."""
        with self.history_file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(metrics, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def truncate_history(self, epochs: int) -> None:
        """Keep the first ``epochs`` epochs: what the checkpoint that is resumed from has seen."""
        kept = [json.dumps(entry, sort_keys=True) + "\n" for entry in self.history() if entry["epoch"] <= epochs]
        with appearing(self.history_file) as aside:
            aside.write_text("".join(kept), encoding="utf-8")

    def finish(self, facts: dict[str, Any]) -> None:
        """Seal the run: hash its files, the checkpoint's and evaluations' apart, and mark it finished, in one write."""
        apart = tuple(f"{one.name}/" for one in (self.checkpoint_dir, self.evaluations_dir))
        files = {name: value for name, value in file_hashes(self.path).items() if not name.startswith(apart)}
        write_json(self.path / MANIFEST, {**self.manifest.to_json(), **facts, "status": "finished", "files": files})

    def clear(self) -> None:
        """Remove all that the run holds, the manifest first: what is left by a kill on the way is no run."""
        (self.path / MANIFEST).unlink(missing_ok=True)
        for child in self.path.iterdir():
            shutil.rmtree(child) if child.is_dir() else child.unlink()

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            value = read_json(path)
        except FileNotFoundError:
            far = "the run has not come that far" if self.is_started else "no run is here"
            begun = sorted(self.path.parent.glob(f"{glob.escape(self.path.name)}*"))
            far += f"; is {begun[0]} meant?" if begun and not self.path.exists() else ""
            raise ArtifactError(f"{path}: missing; {far}") from None
        if not isinstance(value, dict):
            raise ArtifactError(f"{path}: expected an object, found {type(value).__name__}")
        return value
