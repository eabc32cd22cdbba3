"""Replays bundles' golden cases on whatever TFLite runtime this Python has: numpy and that runtime are all it needs.

    python replay.py tflite_runtime|ai_edge_litert xnnpack|builtin BUNDLE…

prints ``{variant: "right" | "refused: why" | "wrong: what"}`` as JSON. A bundle is refused where the runtime does not
load it, or where one of the cases is answered wrongly that a client replays when it loads a bundle; it is wrong where
only a later case shows it.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

REPLAYED = 3  # cases that a client replays, those with a history first: as recsys.bundle.golden has it


def verdict(module: Any, plain: bool, bundle: Path) -> str:
    manifest = json.loads((bundle / "manifest.json").read_text())
    options = {"experimental_op_resolver_type": module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}
    try:
        interpreter = module.Interpreter(str(bundle / "model.tflite"), num_threads=1, **(options if plain else {}))
        rerank = interpreter.get_signature_runner("rerank")
    except (ValueError, RuntimeError) as error:
        return f"refused: {error}"
    cases = sorted(
        enumerate(json.loads((bundle / "golden.json").read_text())), key=lambda one: not any(one[1]["history_ids"])
    )
    for place, (number, case) in enumerate(cases):
        told = "refused: golden" if place < REPLAYED else "wrong:"
        ids = np.array(case["candidate_ids"], np.int32)
        candidates = np.zeros((1, manifest["candidates"]), np.int32)
        candidates[0, : len(ids)] = ids
        history = np.array([case["history_ids"]], np.int32)
        scores = rerank(history=history, candidates=candidates)["scores"][0, : len(ids)]
        known = np.flatnonzero(ids)
        wanted = np.array([case["scores"][i] for i in known])
        farthest = np.abs(scores[known] - wanted).max()
        if not farthest <= case["tolerance"]:
            return f"{told} case {number}, scores differ by {farthest:.3g}, tolerance {case['tolerance']:.3g}"
        best_first = wanted[np.argsort(-scores[known], kind="stable")]
        worse_before = np.maximum.accumulate(best_first[::-1])[::-1] - best_first
        if worse_before.max(initial=0.0) > 2 * case["tolerance"]:
            return f"{told} case {number} is ordered otherwise"
    return "right"


if __name__ == "__main__":
    runtime = importlib.import_module(f"{sys.argv[1]}.interpreter")
    told = {Path(one).name: verdict(runtime, sys.argv[2] == "builtin", Path(one)) for one in sys.argv[3:]}
    print(json.dumps(told))
