"""From a run to bundles: TFLite, quantisation, parity."""

from recsys.export.stage import bundles_dir, describe, export

__all__ = ["bundles_dir", "describe", "export"]
