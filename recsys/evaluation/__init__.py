"""Ranking metrics, full-catalog evaluation, baselines."""
