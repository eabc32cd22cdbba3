"""MLflow: what of runs and bundles is kept there, and the registry.

Whatever takes a ``Store`` raises ``StoreError`` where it is away, beside what it says itself.
"""
