"""A preparation that stops in front of its submission: is there anything in it that remote workers could not have?"""

from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.graph import check_steps
from pipelines.planning import find_files, plan, resolve
from pipelines.runners import Runner
from recsys.artifacts.dataset import Dataset
from recsys.config import Config
from recsys.core.errors import ConfigError
from recsys.core.schema import DATASETS_DIR
from recsys.preparation.user_deletion import Forgotten


def dry_run(config: Config, work_dir: Path, runner: Runner, extends: Dataset | None = None) -> int:
    """Read the log's beginnings, build the pipeline that ``prepare`` would run, and check what it holds.

    Nothing is sent, made or kept. Users to forget take no part; their key travels where they do.

    Returns:
        How many functions and values the pipeline holds.

    Raises:
        ConfigError: it holds something of this machine; or the runner's workers run here, so that nothing travels.
        ArtifactError: a file of ``extends`` is missing or changed.
        DataError: the log cannot be used.
    """
    if runner.is_here:
        raise ConfigError(
            f"--dry-run checks what travels to workers on other machines, and --runner {runner.name} runs them on this "
            "one; name the runner that is to take the job"
        )
    if extends is not None:
        extends.verify()
    data = resolve(config.data, work_dir)
    files, root = find_files(data)
    folder = work_dir / DATASETS_DIR
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".dry-run-", dir=folder) as target:  # compressed files are unpacked there
        job, blocks = plan(Config(data=data, prepare=config.prepare), files, root, Path(target), extends, Forgotten())
        return check_steps(job, blocks, runner)
