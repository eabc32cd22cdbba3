"""Where runs are mirrored."""

from recsys.config.base import Section


class TrackingConfig(Section):
    """MLflow's store; without a uri, SQLite in the work directory."""

    enabled: bool = True
    uri: str | None = None
    experiment: str = "recsys"
