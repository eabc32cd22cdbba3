"""A run's model, ready to score."""

from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config.model import ModelConfig
from recsys.models.sasrec import SASRec, build_model
from recsys.models.weights import load_weights


def load_run(run: Run) -> SASRec:
    """Rebuild the model of a finished ``run`` from its config and weights.

    Raises:
        ArtifactError: the run is not finished, or its files are not what its manifest says.
    """
    run.verify()
    model = build_model(recorded(ModelConfig, run, "model"), run.manifest.table_size)
    load_weights(model, run.weights_file)
    return model
