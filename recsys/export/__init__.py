"""From a run to bundles: TFLite, quantization, parity, deltas, signatures.

The stage is imported when it is first asked for: making a delta or a signature needs no TensorFlow.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.export.stage import bundles_dir, describe, export

__all__ = ["bundles_dir", "describe", "export"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from recsys.export import stage

    return getattr(stage, name)
