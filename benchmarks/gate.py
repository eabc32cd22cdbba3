"""What the registry's gate lets pass, by simulation: candidates of known loss, and a chain of small losses.

    make bench-gate
    python -m benchmarks.gate --measure RUN RUN     what is simulated, measured of two seeds' run directories

A user's rank of the validation target is drawn as two seeds of one config share it: from the ranks of MovieLens, with
the correlation of per-user NDCG@10 between the seeds. A model that is truly 5 % worse loses 5 % of its hits. The gate
before, which refused what a paired test found to be worse, stands beside today's.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.results import Measurement, write_results
from recsys.config.tracking import TrackingConfig
from recsys.evaluation.metrics import ndcg
from recsys.evaluation.significance import paired_test
from recsys.experiments.ranks import aligned, read_ranks
from recsys.tracking.registry.noninferiority import noninferiority

Floats = npt.NDArray[np.float64]

DRAWS, CHAINS, NIGHTS = 2000, 200, 20
LOSSES = (0.0, 0.02, 0.05, 0.10)
A_NIGHT = 0.02
MISS = 11  # every rank beyond the tenth
MARGIN = float(TrackingConfig.model_fields["margin"].default)


@dataclass(frozen=True)
class Population:
    """Users as two seeds of one config rank for them.

    Attributes:
        name: the data and the model that it was measured of.
        ranks: how many targets stood on rank 1 to 10, and beyond.
        correlation: of per-user NDCG@10 between the seeds.
    """

    name: str
    ranks: tuple[int, ...]
    correlation: float

    def draw(self, shares: list[float], users: int, random: np.random.Generator) -> list[Floats]:
        """NDCG@10 of models that keep so large a share of the hits, ``[users]`` each.

        Each model has a user's common rank, or one drawn anew: two of them are as correlated as the seeds were.
        """
        places = np.arange(1, MISS + 1)
        chances = np.array(self.ranks) / sum(self.ranks)
        common, luck = random.choice(places, users, p=chances), random.random(users)
        found = []
        for share in shares:
            own = random.random(users) >= self.correlation**0.5
            ranks = np.where(own, random.choice(places, users, p=chances), common)
            found.append(ndcg(np.where(luck < share, ranks, MISS).astype(np.float64), 10))
        return found


# Measured by --measure on seeds 1 and 2: of configs/movielens-100k.yaml, and of MovieLens-1M trained for 6 epochs at
# length 50, whose seeds were more alike (0.959). Both take the lower correlation, which is the harder one for the gate.
CORRELATION = 0.877
POPULATIONS = {
    900: Population("movielens-100k", (102, 64, 58, 41, 40, 30, 37, 49, 33, 46, 1386), CORRELATION),
    6000: Population("movielens-1m", (903, 503, 373, 317, 267, 225, 207, 190, 187, 135, 8773), CORRELATION),
}


def passes(candidate: Floats, rival: Floats) -> bool:
    """Today's gate, with the default margin."""
    return noninferiority(candidate, rival, np.arange(len(rival))).passes(MARGIN)


def passed_before(candidate: Floats, rival: Floats, seed: int) -> bool:
    """The gate before: not worse by a two-sided paired test."""
    test = paired_test(candidate, rival, resamples=1000, seed=seed)
    return not (test.difference < 0 and test.p_value < 0.05)


def chain(population: Population, users: int, random: np.random.Generator, *, keeps_best: bool) -> float:
    """The share of the first champion's quality that is left when each night's candidate is a little worse.

    Every night has users of its own, which is hard on the gate: the same users would fool it the same way.
    """
    champion = best = 1.0
    for _ in range(NIGHTS):
        share = champion * (1 - A_NIGHT)
        candidate, serving, record = population.draw([share, champion, best], users, random)
        if best == champion:
            record = serving
        if passes(candidate, serving) and (not keeps_best or passes(candidate, record)):
            champion = share
            if noninferiority(candidate, record, np.arange(users)).is_better:
                best = share
    return champion


def measure(runs: list[Path]) -> None:
    """Print the ``Population`` of two runs."""
    tables = [read_ranks(run / "ranks.parquet", "validation") for run in runs]
    users, ranks = aligned(tables)
    places = np.clip(np.ceil(np.concatenate(ranks)), 1, MISS).astype(int)
    values = [ndcg(one, 10) for one in ranks]
    correlation = float(np.asarray(np.corrcoef(values[0], values[1]))[0, 1])
    print(f"{len(users)} users, NDCG@10 {values[0].mean():.4f} and {values[1].mean():.4f}")
    print(f"ranks {tuple(np.bincount(places, minlength=MISS + 1)[1:].tolist())}, correlation {correlation:.3f}")
    found = noninferiority(values[0], values[1], users)
    print(f"so many users can show a loss of {found.detectable:.1%} or more")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs=2, type=Path, metavar="RUN")
    parser.add_argument("--quick", action="store_true", help="few draws: does the benchmark work?")
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return
    draws, chains = (20, 2) if arguments.quick else (DRAWS, CHAINS)
    rows = []
    for users, population in POPULATIONS.items():
        random = np.random.default_rng(users)
        for loss in LOSSES:
            pairs = [population.draw([1 - loss, 1.0], users, random) for _ in range(draws)]
            now = sum(passes(ours, theirs) for ours, theirs in pairs) / draws
            before = sum(passed_before(ours, theirs, seed) for seed, (ours, theirs) in enumerate(pairs)) / draws
            what = f"{users:,} users, truly {loss:.0%} worse" if loss else f"{users:,} users, truly equal"
            rows.append(Measurement(what, 100 * now, "% pass", f"{100 * before:.0f} % by the gate before"))
        equals = [population.draw([1.0, 1.0], users, random) for _ in range(draws // 10)]
        least = np.mean([noninferiority(ours, theirs, np.arange(users)).detectable for ours, theirs in equals])
        rows.append(
            Measurement(f"{users:,} users: the smallest loss they can show", 100 * float(least), "% of NDCG@10")
        )
        left = [chain(population, users, random, keeps_best=True) for _ in range(chains)]
        drifted = [chain(population, users, random, keeps_best=False) for _ in range(chains)]
        against = f"{100 * np.mean(drifted):.1f} % where only the last champion counts"
        what = f"{users:,} users, {NIGHTS} nights of −{A_NIGHT:.0%}: what is left"
        rows.append(Measurement(what, 100 * float(np.mean(left)), "% of NDCG@10", against))
        rows.append(Measurement("  in the worst of 20 chains", 100 * float(np.quantile(left, 0.05)), "% of NDCG@10"))
    write_results("gate", rows)


if __name__ == "__main__":
    main()
