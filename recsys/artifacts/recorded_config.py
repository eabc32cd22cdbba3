"""The config that a run was made with, maybe by another version of this program."""

from typing import TypeVar

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
        ArtifactError: it has keys or values that this version does not know, or lacks ones that it needs.
    """
    values = run.config if name is None else run.config.get(name)
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        made_by = run.manifest.get("recsys_version", "of unknown number")
        commit = str(run.manifest.get("code_version") or "")[:12]
        made = f"recsys {made_by}{f', commit {commit}' if commit else ''}"
        where = f"{name}." if name else ""
        lines = "\n".join(f"  {where}{line}" for line in problems(error, kind))
        raise ArtifactError(
            f"{run.config_file}: this run was made by {made}; this is recsys {__version__}, which reads it otherwise:\n"
            f"{lines}\nTrain it again with this version, or use it with the one that made it"
        ) from None
