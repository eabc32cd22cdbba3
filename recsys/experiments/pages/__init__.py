"""Comparisons and sweeps as HTML pages that need nothing else."""
