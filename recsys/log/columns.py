"""Which columns of a log are read."""

from recsys.config.data import DataConfig
from recsys.core.schema import EVENT_ID, EVENT_TYPE, ITEM, TIMESTAMP, USER
from recsys.log.event_types import BOUNDED


def source_columns(data: DataConfig) -> dict[str, str]:
    """Our name of each column that is read, and the log's own."""
    columns = {USER: data.columns.user, ITEM: data.columns.item, TIMESTAMP: data.columns.timestamp}
    for ours, name in ((EVENT_ID, data.columns.event_id), (EVENT_TYPE, data.columns.event_type)):
        if name is not None:
            columns[ours] = name
    bounded = {name for rule in data.event_types.values() for name in rule.at_least}
    return columns | {BOUNDED + name: name for name in sorted(bounded)}
