"""Items that nobody has touched yet, added to a finished run's bundles without training."""
