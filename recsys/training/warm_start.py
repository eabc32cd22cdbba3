"""Begin a training with the weights of an earlier run: a night's training is then short, and so is its delta.

Item ids stay where a dataset extends another (``recsys prepare --extend``), so the rows of known items, padding and
OOV buckets are taken over; new items begin as in any training, and the transition memory is counted anew. Light to
import.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recsys.artifacts.compatibility import check_settings, features_of
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.recorded_config import recorded
from recsys.artifacts.run import Run
from recsys.config import Config
from recsys.config.data import DataConfig
from recsys.config.model import ModelConfig
from recsys.config.prepare import PrepareConfig
from recsys.core.digests import digest
from recsys.core.errors import ArtifactError, ConfigError
from recsys.core.events.codes import EventCodes
from recsys.features.encoder import Fingerprint

if TYPE_CHECKING:
    from recsys.models.sasrec import SASRec

KEY = "training.warm_start"


def finished(path: Path) -> Run:
    """The run at ``path``.

    Raises:
        ConfigError: there is none, or its training has not ended.
    """
    run = Run(path)
    try:
        run.check_finished()
    except ArtifactError as error:
        raise ConfigError(f"{KEY}: {error}; give a finished run's directory, for example work/runs/DIGEST") from None
    return run


def begin_with(model: "SASRec", config: Config, dataset: Dataset) -> None:
    """Assign the trained weights of ``config.training.warm_start``, if any, to a new ``model``.

    Raises:
        ConfigError: the run has seen events that choose this one's epoch, or is of another shape, or knew other items.
        ArtifactError: the run is damaged.
    """
    if config.training.warm_start is None:
        return
    from recsys.models.weights import open_weights

    run = finished(config.training.warm_start)
    known = _check(run, config, dataset)
    run.verify()
    by_value = {variable.ref() for variable in model.trained_items.value_variables}
    by_item = {variable.ref() for variable in model.trained_items.row_variables}
    with open_weights(run.weights_file) as arrays:
        for variable in model.trainable_variables:
            if variable.ref() in by_item:
                variable.assign(_rows(variable.numpy(), arrays[variable.name], known))
                continue
            found = arrays.get(variable.name)
            if variable.ref() in by_value and found is not None and 0 < len(found) < len(variable.numpy()):
                found = np.concatenate([found, variable.numpy()[len(found) :]])  # values that tonight's items brought
            if found is None or found.shape != tuple(variable.shape):
                shape = "no" if found is None else f"{found.shape} as"
                raise ConfigError(
                    f"{KEY}: {run.path} has {shape} {variable.name}, this model wants {tuple(variable.shape)}; "
                    f"give both the same model section"
                )
            variable.assign(found)


def _check(run: Run, config: Config, dataset: Dataset) -> int:
    """How many items the run knew, all of which the dataset has under the same ids."""
    manifest = run.manifest
    if manifest.is_refit:
        raise ConfigError(
            f"{KEY}: {run.path} was trained on its validation events, too (refit), by which this training would "
            "choose its epoch; begin with a run that was not"
        )
    # Where items agree, the dataset extends the run's, and leaves out whom that left out: more are others.
    if len(dataset.forgotten) > manifest.forgotten:
        raise ConfigError(
            f"{KEY}: {dataset.path} leaves out {len(dataset.forgotten)} users whom people asked to forget, {run.path} "
            f"knew of {manifest.forgotten} such; it may have learned from the others. Train this night from nothing "
            f"(--set {KEY}=null), and remove that run"
        )
    check_settings("warm_start", recorded(PrepareConfig, run, "prepare"), config.prepare, f"{KEY}: {run.path}")
    before = recorded(ModelConfig, run, "model")  # with keys that came since
    for key in ModelConfig.model_fields:
        was, is_now = (getattr(model, key) for model in (before, config.model))
        if was != is_now and not _may_differ(config.model, key, was):
            raise ConfigError(f"{KEY}: model.{key} is {is_now!r} here and {was!r} in {run.path}; they must agree")
    data = recorded(DataConfig, run, "data")
    if (data.relations is None) != (config.data.relations is None):
        have = ["no data.relations" if one.relations is None else "data.relations" for one in (config.data, data)]
        raise ConfigError(f"{KEY}: this training has {have[0]}, {run.path} had {have[1]}; they must agree")
    codes = EventCodes.from_json(manifest.event_codes)
    for key, was_read in (("types", before.event_types), ("value_edges", before.event_values)):
        if was_read and getattr(codes, key) != getattr(dataset.codes, key):
            raise ConfigError(
                f"{KEY}: {run.path} was trained with other {key} of events than those of {dataset.path}; they stay the "
                "same only where a dataset is made by recsys prepare --extend from the one that the run was trained on"
            )
    was, is_now = (features_of(one.model_dump(mode="json")) for one in (data, config.data))
    if was != is_now:
        raise ConfigError(
            f"{KEY}: data.items.features are {is_now or 'none'} here and {was or 'none'} in {run.path}; they must agree"
        )
    learned = {name: Fingerprint(one.digest, one.values) for name, one in manifest.features.items()}
    others = dataset.encoders.changed(learned)
    if others:
        raise ConfigError(
            f"{KEY}: {run.path} was trained with other codes of {', '.join(others)} than those of {dataset.path}; they "
            "stay the same only where a dataset is made by recsys prepare --extend from the one that it was trained on "
            f"and something was known of them there. Train this night from nothing (--set {KEY}=null)"
        )
    known = manifest.table_size - 1 - dataset.vocabulary.oov_buckets
    if digest(dataset.vocabulary.external_ids[:known]) != manifest.vocabulary_digest:
        raise ConfigError(
            f"{KEY}: {run.path} knew other items, or in another order, than {dataset.path}; item ids stay the same "
            "only where a dataset is made by recsys prepare --extend from the one that the run was trained on"
        )
    return known


def _may_differ(model: ModelConfig, key: str, before: Any) -> bool:
    """Both dropouts, and what the memory counts anew."""
    if key == "memory" and before is not None and model.memory is not None:
        return bool(before.newest == model.memory.newest)
    return key in ("dropout", "id_dropout")


def _rows(fresh: npt.NDArray[Any], trained: npt.NDArray[Any], known: int) -> npt.NDArray[Any]:
    """The new item table: padding and known items first, OOV buckets last, new items between them as they are."""
    table = np.copy(fresh)
    table[: 1 + known] = trained[: 1 + known]
    buckets = len(trained) - 1 - known
    if buckets:
        table[-buckets:] = trained[-buckets:]
    return table
