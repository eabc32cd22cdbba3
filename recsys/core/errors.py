"""The errors a user can mend, each with the exit code its command ends with."""


class RecsysError(Exception):
    """Something failed that the message explains. Exit code 1."""

    exit_code = 1


class ConfigError(RecsysError):
    """A config or a command line that cannot be used: names the key, the value and the mend. Exit code 2."""

    exit_code = 2


class BusyError(ConfigError):
    """Another process is at the very same work. Exit code 2."""


class DivergedError(RecsysError):
    """A training's loss is no longer a number. Exit code 1."""


class DataError(RecsysError):
    """An input that cannot be used: names the file, the row or the key, and what was expected. Exit code 3."""

    exit_code = 3


class ArtifactError(DataError):
    """A dataset, run or bundle that is damaged, foreign or of a newer format. Exit code 3."""
