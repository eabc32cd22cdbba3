"""A run's model, ready to score."""

from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config.model import ModelConfig
from recsys.models.items import shapes_in
from recsys.models.sasrec import SASRec, build_model, folded
from recsys.models.weights import load_weights, read_weights


def load_run(run: Run) -> SASRec:
    """Rebuild the model of a finished ``run`` from its config and weights, its items' features folded into one table.

    Raises:
        ArtifactError: the run is not finished, or its files are not what its manifest says.
    """
    return folded(load_unfolded(run))


def load_unfolded(run: Run) -> SASRec:
    """The model of ``load_run`` as it was trained, with what it knows of its items' features.

    Raises:
        ArtifactError: as ``load_run``.
    """
    run.verify()
    shapes = shapes_in(read_weights(run.weights_file))
    model = build_model(recorded(ModelConfig, run, "model"), run.manifest.table_size, shapes)
    load_weights(model, run.weights_file)
    return model
