"""MLflow: what of runs and bundles is kept there, and the registry."""
