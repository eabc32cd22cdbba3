"""The one place that sets up Keras: TFRS needs Keras 2, which TensorFlow loads only when told before its import.

Everything else takes ``keras``, ``tf`` and ``tfrs`` from here.
"""

import os
import sys

from recsys.terminal import hushed

if "keras" in sys.modules or ("tensorflow" in sys.modules and os.environ.get("TF_USE_LEGACY_KERAS") != "1"):
    raise ImportError(
        "TensorFlow was imported with Keras 3 before recsys.models; tensorflow-recommenders needs Keras 2. "
        "Import recsys.models.keras first, or set TF_USE_LEGACY_KERAS=1 in the environment."
    )
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# Said on every import, about nothing that a user could mend; listing the devices brings out the last of it.
NOISE = ("absl::InitializeLog()", "oneDNN custom operations", "Could not find cuda drivers", "failed call to cuInit")

with hushed(*NOISE):
    import tensorflow as tf
    import tensorflow_recommenders as tfrs
    import tf_keras as keras

    tf.config.list_physical_devices()

__all__ = ["keras", "tf", "tfrs"]
