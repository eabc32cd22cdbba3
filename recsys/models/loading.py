"""A run's model, ready to score."""

from recsys.config.model import ModelConfig
from recsys.config.recorded import recorded
from recsys.errors import ArtefactError
from recsys.models.sasrec import SASRec, build_model
from recsys.models.weights import load_weights
from recsys.run import Run


def load_run(run: Run) -> SASRec:
    """Rebuild the model of a finished ``run`` from its config and weights.

    Raises:
        ArtefactError: the run is not finished, or its files are not what its manifest says.
    """
    if not run.is_finished:
        raise ArtefactError(f"{run.path}: training has not finished; the command that started it goes on with it")
    run.verify()
    model = build_model(recorded(ModelConfig, run, "model"), int(run.manifest["table_size"]))
    load_weights(model, run.weights_file)
    return model
