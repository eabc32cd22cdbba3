"""Times of a request that a model which reads times can rank by, and that are hardly meant so."""

from collections.abc import Sequence

from recsys.core.events import Event

MINUTE = 60_000  # milliseconds; clocks of a phone and a server differ by less
FIRST_SECONDS, FIRST_MILLISECONDS = 1_000_000_000, 100_000_000_000  # 2001 in seconds, 1973 in milliseconds


def odd_times(history: Sequence[Event], now: int) -> dict[str, str]:
    """What to tell of the events' times and of ``now``, milliseconds since 1970, by the kind of oddity; mostly nothing.

    >>> odd_times([Event("a", 1_700_000_000)], 1_700_000_060_000)["seconds"][:39]
    '1 of 1 events are of 1970, as if by sec'
    >>> sorted(odd_times([Event("a", 1_700_003_600_000), Event("b", 0)], 1_700_000_000_000))
    ['future', 'missing']
    """
    told = {}
    without = [one for one in history if one.timestamp <= 0 and now >= FIRST_MILLISECONDS]
    if without:
        told["missing"] = (
            f"{len(without)} of {len(history)} events are of 1970 or before ({without[0].timestamp}), as if nothing "
            "had set their time; the model takes them to have happened long ago"
        )
    seconds = [one for one in history if FIRST_SECONDS <= one.timestamp < FIRST_MILLISECONDS <= now]
    if seconds:
        told["seconds"] = (
            f"{len(seconds)} of {len(history)} events are of 1970, as if by seconds ({seconds[0].timestamp}); "
            "a timestamp is in milliseconds since 1970"
        )
    future = [one.timestamp for one in history if one.timestamp > now + MINUTE]
    if future:
        told["future"] = (
            f"{len(future)} of {len(history)} events are later than the request, by up to "
            f"{(max(future) - now) // MINUTE} minutes; the model takes them to have just happened: is a clock "
            "wrong, or one of them in another unit?"
        )
    return told
