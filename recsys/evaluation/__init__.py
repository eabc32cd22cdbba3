"""Ranking metrics, full-catalogue evaluation, baselines."""
