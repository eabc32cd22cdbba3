"""MLflow: the runs' mirror, their comparison and their registry."""
