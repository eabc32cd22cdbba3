"""What a run's figures may be compared with: how its data were split, and whether it learned from validation too."""

_REFIT = "+refit"


def protocol(split: str, refit: bool) -> str:
    """The name that a run's manifest bears.

    >>> protocol("leave_one_out", refit=True)
    'leave_one_out+refit'
    """
    return split + _REFIT * refit


def is_refit(protocol: str) -> bool:
    """Whether a model has learned from the validation events, too."""
    return protocol.endswith(_REFIT)
