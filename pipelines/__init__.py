"""Beam: how the log becomes a dataset, and a run becomes scores, at any scale."""
