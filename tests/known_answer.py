"""What a ranker that knows the chain behind a synthetic log would have reached."""

import numpy as np
import numpy.typing as npt

from recsys.log.synthetic.chain import MarkovChain


def best_ranks(
    chain: MarkovChain, last_items: npt.NDArray[np.int32], targets: npt.NDArray[np.int32]
) -> npt.NDArray[np.float64]:
    """The rank, from 1, that the best ranking gave to what did follow: ``[users] float64``; ties share theirs."""
    ranks = np.empty(len(targets))
    for user, (item, target) in enumerate(zip(last_items.tolist(), targets.tolist(), strict=True)):
        followers, probabilities = chain.next_probabilities(item)
        own = probabilities[followers == target]
        if not len(own):
            raise ValueError(f"item {target} never follows item {item} in this chain")
        ahead, equal = (probabilities > own).sum(), (probabilities == own).sum()
        ranks[user] = 1 + ahead + (equal - 1) / 2
    return ranks
