"""Item vectors for a nearest-neighbour service; the signature ``encode`` of the bundles gives it the queries."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.artifacts.compatibility import check_trained_on
from recsys.artifacts.dataset import Dataset
from recsys.artifacts.run import Run
from recsys.config.export import ExportConfig
from recsys.core.artifact import file_hashes
from recsys.core.errors import ConfigError
from recsys.core.json_files import write_json
from recsys.core.schema import EXTERNAL_ID, MANIFEST
from recsys.export.new_items.last_night import last_night
from recsys.export.stage import bundles_dir
from recsys.export.variants import Variant
from recsys.storage.publishing import is_published, publish

EMBEDDINGS_DIR, VECTORS_FILE = "embeddings", "items.parquet"
VECTOR = "vector"


def export_embeddings(
    run: Run, dataset: Dataset, config: ExportConfig, work_dir: Path, *, overwrite: bool = False
) -> Path:
    """Write the vector of every item into ``work_dir / "embeddings"``, unless it is there; returns where.

    Its directory is named as that of the bundles of ``config``, whose ``encode`` it belongs to.

    ``items.parquet`` has a row an item in the order of internal ids, ``external_id`` and ``vector`` (a list of the
    model's width, float32); ``manifest.json`` says what they are of. The inner product with what the signature
    ``encode`` makes of a history is attention's score; a transition memory adds its own when a bundle ranks.

    Raises:
        ArtifactError: the run or the dataset is damaged, or they do not belong together.
        ConfigError: a variant has item vectors of its own; or as ``add_items``.
        DataError: as ``add_items``, where the config adds items.
    """
    check_trained_on(run, dataset)
    for name in config.variants:
        variant = Variant.parse(name, None)
        if variant.of_student or variant.kept is not None:
            raise ConfigError(
                f"--embeddings writes the run's item vectors, and {name} has learned others; leave it out of "
                "export.variants"
            )
    target = work_dir / EMBEDDINGS_DIR / bundles_dir(run, config, work_dir).name
    if is_published(target) and not overwrite:
        return target
    from recsys.models.loading import load_run

    model = load_run(run)
    if config.items is not None:
        from recsys.export.new_items.add_items import add_items

        model, dataset, _ = add_items(run, dataset, config.items, last_night(config).values())
    names = dataset.vocabulary.external_ids
    vectors = np.ascontiguousarray(model.trained_items.vectors()[1 : len(names) + 1])
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.reshape(-1)), vectors.shape[1])
    with publish(target, overwrite=overwrite) as aside:
        pq.write_table(pa.table({EXTERNAL_ID: pa.array(names, pa.string()), VECTOR: column}), aside / VECTORS_FILE)
        about = {
            "kind": "embeddings",
            "format_version": 1,
            "run_digest": run.digest,
            "dataset_digest": dataset.digest,
            "items": len(names),
            "width": vectors.shape[1],
            "metric": "inner product",
            "query": "the output embedding of the signature encode",
            "files": file_hashes(aside),
        }
        write_json(aside / MANIFEST, about)
    return target
