"""One trained model to any of its variants, each held against Keras before it is a bundle."""

import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.artifacts.dataset import Dataset
from recsys.bundle import (
    GOLDEN_FILE,
    ITEMS_DIR,
    MODEL_FILE,
    POLICY_FILE,
    VOCABULARY_FILE,
    BundleManifest,
    read_policy,
    seal,
    write_golden,
    write_strings,
)
from recsys.config.evaluation import EvaluationConfig
from recsys.config.export import ExportConfig
from recsys.core.digests import DIGEST_LENGTH, sha256_file
from recsys.core.errors import ConfigError, RecsysError
from recsys.core.history import History
from recsys.core.schema import PAD_ID
from recsys.evaluation.evaluate import rank, targets_of
from recsys.evaluation.metrics import summarize
from recsys.evaluation.ranking import ScoreAll
from recsys.evaluation.scorer import scorer
from recsys.export.distillation import adapt, distill, shape_of
from recsys.export.graph import incremental
from recsys.export.sample_requests import encode, golden_case, sample_requests
from recsys.export.tflite import flatbuffer, versions
from recsys.export.tflite import scores as measure
from recsys.export.tflite.latency import median_ms
from recsys.export.variants import ROUGH, Variant
from recsys.litert.interpreter import Interpreter
from recsys.models.sasrec import SASRec

LATENCY_ROUNDS = 25


class VariantRefused(RecsysError):  # noqa: N818 - a verdict on one variant; the others go on
    """A variant strays too far from the trained model."""


class Exporter:
    """A trained model, the data it is judged on, and what Keras says of both.

    Args:
        run_digest: the run that the model comes from.
        filter_seen: leave a history's items out of its ranking, as the run's evaluation does.
        teacher: what a student imitates, of the same items and length; None is the model itself.
        taught_by: the run that the teacher comes from.
    """

    def __init__(
        self,
        model: SASRec,
        dataset: Dataset,
        config: ExportConfig,
        run_digest: str,
        *,
        filter_seen: bool,
        teacher: SASRec | None = None,
        taught_by: str | None = None,
    ) -> None:
        self.model, self.dataset, self.config = model, dataset, config
        self.teacher, self.taught_by = teacher or model, taught_by or run_digest
        self.run_digest, self.evaluation = run_digest, EvaluationConfig(filter_seen=filter_seen)
        self.length = model.config.max_length
        self.requests = sample_requests(dataset, config.candidates)
        self.inputs = [encode(request, dataset, self.length, config.candidates) for request in self.requests]
        self.targets = targets_of(dataset, "test", config.evaluated_users)
        self._adapted: dict[str, SASRec] = {}

    def check(self, variant: Variant) -> None:
        """Refuse what can be known to fail before anything is made.

        Raises:
            ConfigError: a part of the variant's name would change nothing, the model has not what a signature needs,
                or the policy reads a column that is not carried.
        """
        shape, kept = self.model.config, None
        if variant.of_student:
            shape, kept = shape_of(self.config.student, self.teacher.config), self.config.student.memory_average
        variant.check(shape, kept)
        if "incremental" in self.config.signatures:
            incremental.check(shape)
        carried = set(self.config.item_columns) & set(self.dataset.items.columns)
        policy = self.config.policy
        for number, rule in enumerate(read_policy(policy) if policy else ()):
            column = getattr(rule, "column", None)
            if column is not None and column not in carried:
                raise ConfigError(
                    f"{policy}: rule {number} reads the column {column!r}, which the bundle does not carry; "
                    f"add it to export.item_columns (the data set has {', '.join(self.dataset.items.columns)})"
                )

    @cached_property
    def quality(self) -> dict[str, float]:
        """Keras' metrics on the targets."""
        return self._quality(scorer(self.model, self.dataset))

    @cached_property
    def student(self) -> SASRec:
        """The distilled student, trained when a variant first asks for it."""
        return distill(self.teacher, self.dataset.sequences, self.config.student)

    def _source(self, variant: Variant) -> SASRec:
        """What ``variant`` is made of; a student whose table it codes roughly first learns to do with that."""
        if not variant.of_student:
            return self.model
        if variant.base not in ROUGH:
            return self.student
        if variant.base not in self._adapted:
            table, choices = variant.code(self.student.trained_items.vectors())
            known = self.teacher, self.dataset.sequences, self.config.student
            self._adapted[variant.base] = adapt(self.student, *known, table, choices)
        return self._adapted[variant.base]

    def write(self, variant: Variant, directory: Path, since: bytes | None = None) -> None:
        """Write the bundle of ``variant``, which has passed ``check``, into ``directory``.

        Args:
            since: last night's model file of the variant, to stay close to.

        Raises:
            RecsysError: it strays from Keras' scores or quality beyond what the config allows, or holds an operator
                that a phone lacks.
            ConfigError: the model has not what a signature needs.
        """
        model = self._source(variant)
        content = variant.convert(
            model, self.config.candidates, self.config.signatures, since, len(self.dataset.vocabulary)
        )
        tree = flatbuffer.read(content)
        operators = flatbuffer.operators(tree)
        interpreter = Interpreter(content)
        difference = self._largest_difference(variant, interpreter)
        quality = self._checked_quality(variant, interpreter)
        tolerance = self._tolerance(content, interpreter)
        (directory / MODEL_FILE).write_bytes(content)
        write_strings(directory / VOCABULARY_FILE, self.dataset.vocabulary.external_ids)
        self._write_items(directory)
        if self.config.policy is not None:
            shutil.copyfile(self.config.policy, directory / POLICY_FILE)
        cases = [
            golden_case(request, one, interpreter.run("rerank", **one)["scores"], tolerance)
            for request, one in zip(self.requests, self.inputs, strict=True)
        ]
        write_golden(directory / GOLDEN_FILE, cases)
        manifest = BundleManifest(
            variant=variant.name,
            model_version=sha256_file(directory / MODEL_FILE)[:DIGEST_LENGTH],
            run_digest=self.run_digest,
            dataset_digest=self.dataset.digest,
            history_length=self.length,
            candidates=self.config.candidates,
            items=len(self.dataset.vocabulary),
            oov_buckets=self.dataset.vocabulary.oov_buckets,
            cleaning=self.dataset.policy,
            tolerance=tolerance,
            minimum_runtime=versions.minimum_runtime(tree),
            signatures=interpreter.signatures,
            operators=operators,
            measured={
                **quality,
                "users": len(self.targets.users),
                **({"taught_by": self.taught_by} if variant.of_student else {}),
                "keras": self.quality,
                "largest_difference": difference,
                "median_ms": median_ms(interpreter, "rerank", self.inputs, LATENCY_ROUNDS),
                "threads": 1,
                "multiply_adds": flatbuffer.multiply_adds(tree, "rerank"),
            },
        )
        seal(directory, manifest)

    def _quality(self, score_all: ScoreAll) -> dict[str, float]:
        return summarize(rank(score_all, self.dataset, self.targets, self.evaluation), (10,))

    def _largest_difference(self, variant: Variant, interpreter: Interpreter) -> float:
        largest = 0.0
        for one in self.inputs:
            difference = (
                interpreter.run("rerank", **one)["scores"]
                - self.model.score(History(one["history"]), one["candidates"]).numpy()
            )
            largest = max(largest, float(np.abs(difference[one["candidates"] != PAD_ID]).max(initial=0.0)))
        if variant.is_exact and not largest <= self.config.tolerance:
            raise VariantRefused(
                f"{variant.name}: scores differ from Keras' by {largest:.2e}, more than export.tolerance "
                f"{self.config.tolerance:.0e}; its bundle is not written"
            )
        return largest

    def _checked_quality(self, variant: Variant, interpreter: Interpreter) -> dict[str, float]:
        scores = measure.tflite_scores(interpreter, self.dataset.sequences, self.length, self.model.items.rows)
        quality = self._quality(scores)
        ours, keras = quality["ndcg@10"], self.quality["ndcg@10"]
        if ours < keras * (1 - self.config.max_quality_loss):
            raise VariantRefused(
                f"{variant.name}: loses {1 - ours / keras:.1%} of Keras' NDCG@10 ({ours:.4f} against {keras:.4f}"
                f" on {len(self.targets.users)} users), more than export.max_quality_loss "
                f"{self.config.max_quality_loss:.0%}; its bundle is not written; raise that, or leave the variant out"
            )
        return quality

    def _tolerance(self, content: bytes, interpreter: Interpreter) -> float:
        """How far another runtime's scores may lie: thrice what two sets of kernels on this machine differ by."""
        plain = Interpreter(content, plain=True)
        found = [
            interpreter.run("rerank", **one)["scores"] - plain.run("rerank", **one)["scores"] for one in self.inputs
        ]
        return max(self.config.tolerance, 3 * float(np.abs(found).max()))

    def _write_items(self, directory: Path) -> None:
        items = self.dataset.items
        for column in self.config.item_columns:
            if column in items:
                (directory / ITEMS_DIR).mkdir(exist_ok=True)
                write_strings(directory / ITEMS_DIR / f"{column}.bin", _texts(items[column]))


def _texts(column: "pd.Series[Any]") -> list[str]:
    """A column as text, empty where it has nothing; whole numbers without the point that missing ones bring."""
    if pd.api.types.is_float_dtype(column) and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")
    return column.astype("string").fillna("").tolist()
