"""Replays bundles' golden cases on whatever TFLite runtime this Python has: numpy and that runtime are all it needs.

    python -m tests.runtimes.replay tflite_runtime|ai_edge_litert xnnpack|builtin BUNDLE…

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

from recsys.bundle import GOLDEN_FILE, Bundle, GoldenCase, read_golden
from recsys.bundle.golden import REPLAYED
from recsys.core.candidates import best_first, pad_candidates
from recsys.core.history import History, encode_history


def verdict(module: Any, plain: bool, path: Path) -> str:
    bundle = Bundle(path, verify=False)
    options = {"experimental_op_resolver_type": module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}
    try:
        interpreter = module.Interpreter(str(bundle.model_file), num_threads=1, **(options if plain else {}))
        rerank = interpreter.get_signature_runner("rerank")
    except (ValueError, RuntimeError) as error:
        return f"refused: {error}"
    cases = sorted(enumerate(read_golden(path / GOLDEN_FILE)), key=lambda one: not any(one[1].history_ids))
    for place, (number, case) in enumerate(cases):
        ids = np.array(case.candidate_ids, np.int32)
        scores = rerank(**encoded(bundle, case))["scores"][0, : len(ids)]
        known = [float(score) if item else None for score, item in zip(scores, ids, strict=True)]
        wrong = case.mismatch(known, best_first(ids, scores).tolist())
        if wrong is not None:
            return f"{'refused: golden' if place < REPLAYED else 'wrong:'} case {number}: {wrong}"
    return "right"


def encoded(bundle: Bundle, case: GoldenCase) -> dict[str, Any]:
    """What ``rerank`` takes of a case."""
    manifest = bundle.manifest
    reads = History.of(manifest.signatures["rerank"].inputs)
    known = bundle.vocabulary, manifest.history_length, manifest.cleaning, case.now, manifest.event_codes
    history = encode_history(case.history, *known)
    candidates = pad_candidates(np.array(case.candidate_ids, np.int32), manifest.candidates)
    return {**history.like(reads).inputs(), "candidates": candidates}


if __name__ == "__main__":
    runtime = importlib.import_module(f"{sys.argv[1]}.interpreter")
    told = {Path(one).name: verdict(runtime, sys.argv[2] == "builtin", Path(one)) for one in sys.argv[3:]}
    print(json.dumps(told))
