"""What the machine does while a run trains, under the names that MLflow's system page knows."""

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow.entities import Metric


class Sampler:
    """Looks at CPU, memory, disk and network.

    MLflow's own monitor gives up for good when the store is away for a moment; this one keeps its samples in
    ``pending`` until someone has sent them.
    """

    def __init__(self) -> None:
        from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
        from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
        from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

        kinds: list[Any] = [CPUMonitor, DiskMonitor, NetworkMonitor]
        self._monitors = [kind() for kind in kinds]
        self._step = 0
        self.pending: list[Metric] = []

    def sample(self) -> None:
        """Add one look to ``pending``."""
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        for monitor in self._monitors:
            monitor.collect_metrics()
            for name, value in monitor.aggregate_metrics().items():
                self.pending.append(Metric(f"system/{name}", value, now, self._step))
            monitor.clear_metrics()
        self._step += 1
