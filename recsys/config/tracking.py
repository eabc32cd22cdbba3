"""Which MLflow store runs are logged to."""

from pydantic import Field, field_serializer, field_validator

from recsys.config.base import Section
from recsys.config.secrets import without_secrets

EXPERIMENT = "recsys"


class TrackingConfig(Section):
    """MLflow's store; without a uri, SQLite in the work directory.

    What is written of it (into runs, messages, other configs) holds no password or token of the uri: those are a
    connection's, and come from the config or the environment each time.
    """

    enabled: bool = Field(True, description="log runs to MLflow; their directories are complete either way")
    uri: str | None = Field(
        None,
        min_length=1,
        repr=False,
        description="http://127.0.0.1:5000, postgresql://…, sqlite:///…; null is MLFLOW_TRACKING_URI, or else SQLite "
        "in the work directory",
    )
    experiment: str | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="what runs are filed under; null is MLFLOW_EXPERIMENT_NAME, or else recsys",
    )
    system_metrics: bool = Field(True, description="sample the machine's CPU, memory, disk and network")
    log_model: bool = Field(True, description="keep a loadable copy of each run's model in the store")
    margin: float = Field(
        0.05, gt=0, lt=1, description="share of a champion's validation NDCG@10 that recsys promote lets a new one lose"
    )

    @field_serializer("uri")
    def _shown(self, uri: str | None) -> str | None:
        return None if uri is None else without_secrets(uri)

    @field_validator("experiment")
    @classmethod
    def _printable(cls, name: str | None) -> str | None:
        if name is not None and (name != name.strip() or not name.isprintable()):
            raise ValueError("expected a name of printable characters without blanks around it")
        return name
