"""What the machine does while a run trains, under the names that MLflow's system page knows."""

import time
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from mlflow.entities import Metric

MEGABYTE = 1e6


class SystemMetrics:
    """Samples CPU, memory, disk and network.

    MLflow's own monitor gives up for good when the store is away for a moment; this one keeps its samples in
    ``pending`` until someone has sent them.
    """

    def __init__(self) -> None:
        self._step = 0
        self._network = psutil.net_io_counters()  # since the machine was started
        psutil.cpu_percent()  # the first answer means nothing; the next ones are of the time since the one before
        self.pending: list[Metric] = []

    def sample(self) -> None:
        """Add one look to ``pending``."""
        from mlflow.entities import Metric

        now = round(time.time() * 1000)
        self.pending += [Metric(f"system/{name}", value, now, self._step) for name, value in self._look().items()]
        self._step += 1

    def _look(self) -> dict[str, float]:
        memory, disk, network = psutil.virtual_memory(), psutil.disk_usage("/"), psutil.net_io_counters()
        return {
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "system_memory_usage_megabytes": memory.used / MEGABYTE,
            "system_memory_usage_percentage": memory.used / memory.total * 100,
            "disk_usage_percentage": disk.percent,
            "disk_usage_megabytes": disk.used / MEGABYTE,
            "disk_available_megabytes": disk.free / MEGABYTE,
            "network_receive_megabytes": (network.bytes_recv - self._network.bytes_recv) / MEGABYTE,
            "network_transmit_megabytes": (network.bytes_sent - self._network.bytes_sent) / MEGABYTE,
        }
