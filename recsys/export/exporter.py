"""One trained model to any of its variants, each held against Keras before it is a bundle."""

import shutil
from functools import cached_property
from pathlib import Path

from recsys.artifacts.dataset import Dataset
from recsys.artifacts.item_texts import item_texts
from recsys.bundle import (
    GOLDEN_FILE,
    ITEMS_DIR,
    POLICY_FILE,
    VOCABULARY_FILE,
    BundleManifest,
    read_policy,
    seal,
    write_golden,
    write_strings,
)
from recsys.config.export import ExportConfig
from recsys.core.digests import DIGEST_LENGTH, sha256_file
from recsys.core.errors import ConfigError
from recsys.core.history import client_encoding
from recsys.export.backend import backend_of
from recsys.export.distillation import adapt, distill, shape_of
from recsys.export.graph import incremental
from recsys.export.graph.encoding import decoded
from recsys.export.judge import Judge
from recsys.export.latency import median_ms
from recsys.export.sample_requests import golden_case
from recsys.export.variants import ROUGH, Variant
from recsys.models.events import history_spec
from recsys.models.sasrec import SASRec


class Exporter:
    """A trained model, the data it is judged on, and what it is exported to.

    Args:
        run_digest: the run that the model comes from.
        filter_seen: leave a history's items out of its ranking, as the run's evaluation does.
        teacher: what a student imitates, of the same items and length; None is the model itself.
        taught_by: the run that the teacher comes from.
        new: how many of the last items were added after training.
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
        new: int = 0,
    ) -> None:
        self.model, self.dataset, self.config, self.backend = model, dataset, config, backend_of(config.format)
        self.teacher, self.taught_by = teacher or model, taught_by or run_digest
        self.run_digest, self.judge = run_digest, Judge(model, dataset, config, filter_seen=filter_seen, new=new)
        self._adapted: dict[tuple[bool, float | None, str | None], SASRec] = {}

    def check(self, variant: Variant) -> None:
        """Refuse what can be known to fail before anything is made.

        Raises:
            ConfigError: a part of the variant's name would change nothing, the model has not what a signature needs,
                or the policy reads a column that is not carried.
        """
        shape, transitions = self.model.config, None
        if variant.of_student:
            shape = shape_of(self.config.student, self.teacher.config)
            transitions = self.config.student.memory_average
        variant.check(shape, transitions)
        if self.config.items is not None and (variant.of_student or variant.kept is not None or variant.base == "pq"):
            fitted = "shares codes among all items" if variant.base == "pq" else "is trained when it is exported"
            raise ConfigError(
                f"export.items adds items and leaves the others as they are, and {variant.name} {fitted}; leave one of "
                "the two out"
            )
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
    def student(self) -> SASRec:
        """The distilled student, trained when a variant first asks for it."""
        return distill(self.teacher, self.dataset.sequences, self.config.student)

    def _source(self, variant: Variant) -> SASRec:
        """What ``variant`` is made of; what is pruned, and a student whose table is coded roughly, learns on first."""
        source, teacher = (self.student, self.teacher) if variant.of_student else (self.model, self.model)
        rough = variant.base if variant.of_student and variant.base in ROUGH else None
        if variant.kept is None and rough is None:
            return source
        key = variant.of_student, variant.kept, rough
        if key not in self._adapted:
            table, choices = decoded(source.trained_items.vectors(), variant) if rough else (None, None)
            known = source, teacher, self.dataset.sequences, self.config.student
            self._adapted[key] = adapt(*known, kept=variant.kept, table=table, choices=choices)
        return self._adapted[key]

    def write(self, variant: Variant, directory: Path, since: bytes | None = None) -> None:
        """Write the bundle of ``variant``, which has passed ``check``, into ``directory``.

        Args:
            since: last night's model file of the variant, to stay close to.

        Raises:
            VariantRefused: it strays from Keras' scores or quality beyond what the config allows.
            RecsysError: it holds an operator that a phone lacks.
            ConfigError: the model has not what a signature needs.
        """
        content = self.backend.convert(
            self._source(variant),
            variant,
            self.config.candidates,
            self.config.signatures,
            since,
            len(self.dataset.vocabulary),
        )
        found, judge = self.backend.inspect(content), self.judge
        program = self.backend.load(content)
        difference, quality = judge.difference(variant, program), judge.quality(variant, program)
        tolerance = judge.tolerance(program, self.backend.load(content, plain=True))
        (directory / self.backend.model_file).write_bytes(content)
        write_strings(directory / VOCABULARY_FILE, self.dataset.vocabulary.external_ids)
        self._write_items(directory)
        if self.config.policy is not None:
            shutil.copyfile(self.config.policy, directory / POLICY_FILE)
        cleaning, codes = client_encoding(history_spec(self.model.config, 1), self.dataset.policy, self.dataset.codes)
        cases = [
            golden_case(request, one, program.run("rerank", **one)["scores"], tolerance)
            for request, one in zip(judge.requests, judge.inputs, strict=True)
        ]
        write_golden(directory / GOLDEN_FILE, cases)
        manifest = BundleManifest(
            variant=variant.name,
            model_format=self.config.format,
            model_file=self.backend.model_file,
            model_version=sha256_file(directory / self.backend.model_file)[:DIGEST_LENGTH],
            run_digest=self.run_digest,
            dataset_digest=self.dataset.digest,
            history_length=judge.length,
            candidates=self.config.candidates,
            items=len(self.dataset.vocabulary),
            oov_buckets=self.dataset.vocabulary.oov_buckets,
            cleaning=cleaning,
            event_codes=codes,
            tolerance=tolerance,
            minimum_runtime=found.minimum_runtime,
            signatures=program.signatures,
            operators=found.operators,
            measured={
                **quality,
                **({"taught_by": self.taught_by} if variant.of_student else {}),
                "largest_difference": difference,
                "median_ms": median_ms(program, judge.inputs),
                "threads": 1,
                "multiply_adds": found.multiply_adds,
            },
        )
        seal(directory, manifest)

    def _write_items(self, directory: Path) -> None:
        for column in self.config.item_columns:
            if column in self.dataset.items:
                (directory / ITEMS_DIR).mkdir(exist_ok=True)
                write_strings(directory / ITEMS_DIR / f"{column}.bin", item_texts(self.dataset, column))
