"""Where runs are mirrored."""

from recsys.config.base import Section


class TrackingConfig(Section):
    """MLflow's store; without a uri, SQLite in the work directory.

    Attributes:
        enabled: mirror runs at all; the run directory is complete either way.
        uri: a tracking server (``http://127.0.0.1:5000``) or a database (``sqlite:///…``, ``postgresql://…``).
        experiment: the experiment that runs are filed under.
        system_metrics: sample the machine's CPU, memory, disk and network while training.
        log_model: keep a loadable copy of each run's model in the store.
    """

    enabled: bool = True
    uri: str | None = None
    experiment: str = "recsys"
    system_metrics: bool = True
    log_model: bool = True
