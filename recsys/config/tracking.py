"""Where runs are mirrored."""

from pydantic import Field

from recsys.config.base import Section


class TrackingConfig(Section):
    """MLflow's store; without a uri, SQLite in the work directory."""

    enabled: bool = Field(True, description="mirror runs; their directories are complete either way")
    uri: str | None = Field(
        None, description="http://127.0.0.1:5000, postgresql://…, sqlite:///…; null is SQLite in the work directory"
    )
    experiment: str = Field("recsys", min_length=1, description="what runs are filed under")
    system_metrics: bool = Field(True, description="sample the machine's CPU, memory, disk and network")
    log_model: bool = Field(True, description="keep a loadable copy of each run's model in the store")
