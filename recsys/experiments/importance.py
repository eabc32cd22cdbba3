"""Which settings of a sweep its scores depend on."""

from collections.abc import Sequence

import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances

from recsys.experiments.space import Dimension
from recsys.experiments.study import optuna_quiet
from recsys.experiments.trial import Trial

FEWEST = 4  # complete trials; of fewer a forest learns nothing


def importances(trials: Sequence[Trial], space: Sequence[Dimension]) -> dict[str, float]:
    """Each key's share of the variance of the scores, largest first: functional ANOVA (Hutter et al., 2014), by Optuna.

    Empty where fewer than ``FEWEST`` trials are complete, or all of them scored the same.
    """
    scored = [trial for trial in trials if trial.score is not None]
    if len(scored) < FEWEST or len({trial.score for trial in scored}) < 2:
        return {}
    distributions = {dimension.key: dimension.distribution() for dimension in space}
    with optuna_quiet():
        study = optuna.create_study(direction="maximize")
        for trial in scored:
            params = {dimension.key: dimension.read(trial.values[dimension.key]) for dimension in space}
            study.add_trial(optuna.trial.create_trial(params=params, distributions=distributions, value=trial.score))
        found: dict[str, float] = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=1))
    return found
