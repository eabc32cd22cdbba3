"""The fits of a run: the search that validation watches and, for L1F, the final fit that follows it."""

from recsys.config import Config
from recsys.config.training import TrainingConfig
from recsys.data.dataset import Dataset
from recsys.errors import DataError
from recsys.evaluation.evaluate import targets_of
from recsys.models.keras import keras, tf
from recsys.models.sasrec import SASRec
from recsys.run import Run
from recsys.training.assembly import assemble
from recsys.training.calibration import Validator
from recsys.training.callbacks import Steps
from recsys.training.fit import Fit, Progress
from recsys.training.warm_start import begin_with
from recsys.training.workers import Workers

SEARCH, FINAL = "search", "final"


def make_reproducible(training: TrainingConfig) -> None:
    """Seed what draws initial weights; where the config asks for it, have TensorFlow add in one order, always."""
    keras.utils.set_random_seed(training.seed)
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()


def fit_phase(
    phase: str,
    config: Config,
    dataset: Dataset,
    run: Run,
    workers: Workers,
    searched: Progress | None = None,
) -> tuple[SASRec, Fit]:
    """A new model and its fit: the search that validation watches or, from what it found, the final fit of L1F.

    Raises:
        DataError: nobody has two events, or nothing could choose the epoch.
    """
    training = config.training
    if searched is not None:
        training = training.model_copy(update={"epochs": searched.best_epoch})
    make_reproducible(training)
    split = "train" if searched is None else "validation"
    with workers.strategy.scope():
        vocabulary, sequences = dataset.vocabulary, dataset.sequences
        ends, items = sequences.bounds(split)[1], len(vocabulary)
        model, batches = assemble(config.model, training, sequences, ends, items, vocabulary.table_size)
        begin_with(model, config, dataset)
    if not len(batches):
        raise DataError(f"{dataset.path}: no user has two events to train on")
    check, trust = None, searched.trust if searched else 1.0
    if searched is None:
        targets = targets_of(dataset, "validation", config.evaluation.validation_users)
        if not len(targets.users):
            raise DataError(f"{dataset.path}: no user has a validation event; nothing could choose the epoch")
        check = Validator(model, dataset, targets, config.evaluation)
    return model, Fit(model, batches, training, run.checkpoint_dir / phase, check, trust, workers)


def follow(config: Config, dataset: Dataset, run: Run, workers: Workers, on_step: Steps | None) -> None:
    """Train beside the leader, who has begun the run, until it has sealed it."""
    _, fit = fit_phase(SEARCH, config, dataset, run, workers)
    progress = fit.run(SEARCH, on_step, lambda metrics: None)
    if config.training.final_fit:
        _, fit = fit_phase(FINAL, config, dataset, run, workers, progress)
        fit.run(FINAL, on_step, lambda metrics: None)
    workers.meet()
