"""From a dataset to a run."""
