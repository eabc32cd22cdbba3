"""The config that an artifact was made with, maybe by another version of this program."""

from typing import Any, TypeVar

from pydantic import ValidationError

from recsys import __version__
from recsys.artifacts.run import Run
from recsys.config import problems
from recsys.config.base import Section
from recsys.core.errors import ArtifactError

S = TypeVar("S", bound=Section)


def recorded(kind: type[S], run: Run, name: str | None = None) -> S:
    """The section ``name`` of a run's config, or the whole.

    Raises:
        ArtifactError: as ``parse_recorded``.
    """
    values = run.config if name is None else run.config.get(name)
    commit = (run.manifest.code_version or "")[:12]
    made_by = f"recsys {run.manifest.recsys_version or 'of unknown number'}{f', commit {commit}' if commit else ''}"
    return parse_recorded(kind, values, f"{run.config_file}: this run was made by {made_by}", name)


def parse_recorded(kind: type[S], values: Any, origin: str, name: str | None = None) -> S:
    """The section of these ``values``: a key that came since has its default, one that is gone must have been null.

    Args:
        origin: where they stand, and who wrote them; what errors begin with.

    Raises:
        ArtifactError: it has keys or values that this version does not know, or lacks ones that it needs.
    """
    if isinstance(values, dict):
        values = {key: value for key, value in values.items() if key in kind.model_fields or value is not None}
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        where = f"{name}." if name else ""
        lines = "\n".join(f"  {where}{line}" for line in problems(error, kind))
        raise ArtifactError(
            f"{origin}; this is recsys {__version__}, which reads it otherwise:\n"
            f"{lines}\nMake it again with this version, or use it with the one that made it"
        ) from None
