"""Run and dataset → the best items for every user, shard by shard."""

from functools import partial
from pathlib import Path
from typing import Any

from pipelines.runners import Runner
from pipelines.runners import run as run_pipeline
from recsys.artifacts.compatibility import check_same_items
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.outcome import Outcome
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.artifacts.scores import SHARDS_DIR, Scores
from recsys.config.evaluation import EvaluationConfig
from recsys.core.artifact import file_hashes
from recsys.core.digests import digest
from recsys.core.json_files import write_json
from recsys.core.schema import MANIFEST, SCORES_DIR
from recsys.evaluation.recommendations import recommend_shard
from recsys.storage.publishing import is_published, publish


def score(
    run: Run, dataset: Dataset, k: int, work_dir: Path, *, overwrite: bool = False, runner: Runner | None = None
) -> Outcome[Scores]:
    """Rank the catalog for every user of ``dataset``, given all that the user did, and keep the best ``k``.

    Items that a user has touched are left out where the run was evaluated that way.

    Raises:
        ArtifactError: the run is not finished, or was trained on another vocabulary.
        RecsysError: the pipeline failed.
    """
    run.check_finished()
    check_same_items(run, dataset)
    filter_seen = recorded(EvaluationConfig, run, "evaluation").filter_seen
    made_of = {
        "weights": run.weights_digest,
        "dataset": dataset.digest,
        "k": k,
        "filter_seen": filter_seen,
        "format_version": Scores.format_version,
    }
    target = work_dir / SCORES_DIR / digest(made_of)
    if is_published(target) and not overwrite:
        return Outcome(Scores(target), reused=True)
    with publish(target, overwrite=overwrite) as aside:
        (aside / SHARDS_DIR).mkdir()
        shards = (aside / SHARDS_DIR).absolute()  # as all that travels, for workers may stand elsewhere
        function = partial(recommend_shard, run.path.absolute(), dataset.path.absolute(), shards, k, filter_seen)
        steps = aside / ".steps"
        steps.mkdir()
        run_pipeline(partial(_build, function, dataset.shards, steps), runner or Runner(), len(dataset.sequences))
        (steps / "score.json").unlink()
        steps.rmdir()
        files = file_hashes(aside)
        write_json(aside / MANIFEST, {"kind": Scores.kind, **made_of, "users": len(dataset.sequences), "files": files})
    return Outcome(Scores(target), reused=False)


def _build(function: Any, shards: int, directory: Path, pipeline: Any) -> None:
    import apache_beam as beam

    from pipelines.transforms import Step

    _ = pipeline | "Shards" >> beam.Create(range(shards)) | Step("score", function, directory)
