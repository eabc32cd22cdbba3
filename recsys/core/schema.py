"""Names and numbers that every stage shares: columns, reserved ids, dtypes, file names."""

import numpy as np

# Columns of an event table once its source columns have been mapped.
USER = "user_id"
ITEM = "item_id"
TIMESTAMP = "timestamp"  # int64 milliseconds since the epoch
EVENT_ID = "event_id"  # int64 arrival number; orders events that share a timestamp
EVENT_TYPE = "event_type"
VALUE = "value"  # float32, NaN where it is missing

# Columns of a dataset's sequences: one row a user, internal ids, oldest event first.
ITEMS = "items"  # list<int32>
TIMESTAMPS = "timestamps"  # list<int64>
TRAIN_END = "train_end"  # events [0, train_end) train
VALIDATION_END = "validation_end"  # [train_end, validation_end) validate, the rest tests
TYPES = "types"  # list<int32>, codes of event types, where the config gives event types
WEIGHTS = "weights"  # list<float32>, how much each event counts as a target, 0 for context; where TYPES are
VALUES = "values"  # list<float32>, NaN where one is missing; where the config gives a column of values

# Columns of a dataset's item table beside ITEM (internal id) and the item's metadata.
EXTERNAL_ID = "external_id"
COUNT = "count"
TITLE = "title"

PAD_ID = 0  # internal ids are 1..n by (-count, external id); 0 pads on the left
ID_DTYPE = np.int32
TIMESTAMP_DTYPE = np.int64

MANIFEST = "manifest.json"
# Where a work directory keeps what is made in it, each artifact below it named by its digest.
DATASETS_DIR, RUNS_DIR, BUNDLES_DIR, SCORES_DIR, SWEEPS_DIR = "datasets", "runs", "bundles", "scores", "sweeps"
MAX_ID_BYTES = 1024  # a longer external id is rejected: nothing sane makes one
