"""A run's model, ready to score."""

from pathlib import Path

from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config.model import ModelConfig
from recsys.models.items import shapes_in
from recsys.models.memory import related_depth
from recsys.models.sasrec import SASRec, build_model, folded
from recsys.models.weights import load_weights, open_weights


def load_run(run: Run) -> SASRec:
    """Rebuild the model of a finished ``run`` from its config and weights, features and relations folded into tables.

    Raises:
        ArtifactError: the run is not finished, or its files are not what its manifest says.
    """
    return folded(load_unfolded(run))


def load_unfolded(run: Run) -> SASRec:
    """The model of ``load_run`` as it was trained, with what it knows of its items' features and relations.

    Raises:
        ArtifactError: as ``load_run``.
    """
    run.verify()
    return model_in(run.weights_file, recorded(ModelConfig, run, "model"), run.manifest.table_size)


def model_in(weights: Path, config: ModelConfig, rows: int) -> SASRec:
    """The model whose variables are in the file ``weights``, with ``rows`` in its item table.

    Raises:
        ArtifactError: the file is missing or damaged, or is of a model of another shape.
    """
    with open_weights(weights) as arrays:
        shapes, related = shapes_in(arrays), related_depth(arrays)
    model = build_model(config, rows, shapes, related=related)
    load_weights(model, weights)
    return model
