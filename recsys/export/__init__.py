"""From a run to bundles: TFLite, quantisation, parity."""
