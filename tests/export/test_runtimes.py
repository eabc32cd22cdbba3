"""The runtime matrix: every variant on every TFLite runtime is right or refused, never wrong.

    python -m pytest -m slow tests/export/test_runtimes.py -s

prints the table of serving/README.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.bundle import GoldenCase, read_golden, write_golden
from recsys.config.export import ExportConfig
from recsys.core.candidates import pad_candidates
from recsys.export.exporter import Exporter
from recsys.export.graph.encoding import encode_tables
from recsys.export.graph.inference_model import inference_model
from recsys.export.graph.signatures import Signatures
from recsys.export.tflite import convert
from recsys.export.variants import Variant
from recsys.litert.interpreter import Interpreter
from tests.runtimes.environments import TFLITE, Arm64, TFLite, python_with
from tests.serving.test_web import browse, web  # noqa: F401 - fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
VARIANTS = ("float32", "float16", "int8", "int4", "pq", "student-int8")
ROOT = Path(__file__).parents[2]

# Computes something in the compact transition memory wrongly: clients see it in their replay, and refuse.
REPLAY_REFUSES = "tflite-runtime-nightly 2.20.0.dev20250409, arm64, xnnpack"

Table = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def bundles(model, dataset, tmp_path_factory) -> list[Path]:
    """Each variant as today's exporter writes it."""
    student = {"width": 8, "steps": 2, "batch_size": 4, "positions": 2}
    config = ExportConfig(candidates=20, max_quality_loss=0.99, signatures=("explain",), student=student)
    exporter = Exporter(model, dataset, config, "r" * 32, filter_seen=True)
    folder = tmp_path_factory.mktemp("bundles")
    for name in VARIANTS:
        (folder / name).mkdir()
        exporter.write(Variant.parse(name, 6), folder / name)
    return [folder / name for name in VARIANTS]


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    """Verdicts by runtime and variant; printed when all are known."""
    rows: Table = {}
    yield rows
    print("\n\n| runtime | " + " | ".join(VARIANTS) + " |\n|---|" + "---|" * len(VARIANTS))
    for runtime, verdicts in rows.items():
        print(f"| {runtime} | " + " | ".join(verdicts[name].split(":")[0] for name in VARIANTS) + " |")


def check(table: Table, runtime: str, verdicts: dict[str, str]) -> None:
    table[runtime] = verdicts
    assert set(verdicts) == set(VARIANTS)
    assert {name: told for name, told in verdicts.items() if told.startswith("wrong")} == {}
    if runtime == REPLAY_REFUSES:
        refused = {name for name, told in verdicts.items() if told.startswith("refused: golden")}
        assert refused == set(VARIANTS) - {"float32"}, "what has become right is no longer one of REPLAY_REFUSES"
        assert verdicts["float32"] == "right"
    else:
        assert {name: told for name, told in verdicts.items() if told != "right"} == {}


def replay(python: list[str], runtime: TFLite, kernels: str, bundles: list[Path]) -> dict[str, str]:
    command = [*python, "-m", "tests.runtimes.replay", runtime.module, kernels, *map(str, bundles)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("runtime", TFLITE, ids=str)
def test_on_this_machine(runtime: TFLite, bundles: list[Path], table: Table, tmp_path: Path) -> None:
    python = python_with(runtime.packages, tmp_path)
    for kernels in ("xnnpack", "builtin"):
        check(table, f"{runtime}, x86, {kernels}", replay(python, runtime, kernels, bundles))


@pytest.fixture(scope="module")
def arm64(tmp_path_factory) -> Arm64:
    return Arm64(tmp_path_factory.mktemp("arm64"))


@pytest.mark.parametrize("runtime", TFLITE, ids=str)
def test_on_arm64(runtime: TFLite, arm64: Arm64, bundles: list[Path], table: Table, tmp_path: Path) -> None:
    python = arm64.python_with(runtime.packages, tmp_path)
    for kernels in ("xnnpack", "builtin"):
        check(table, f"{runtime}, arm64, {kernels}", replay(python, runtime, kernels, bundles))


def test_in_a_browser(browse: Callable[[Path], dict[str, Any]], bundles: list[Path], table: Table) -> None:  # noqa: F811
    verdicts = {}
    for bundle in bundles:
        found = browse(bundle)
        wrong = [one for one in found.get("golden", ()) if one is not None]
        verdicts[bundle.name] = f"refused: {found['refused']}" if found["refused"] else "right"
        if wrong:
            verdicts[bundle.name] = f"wrong: {wrong[0]}"
    check(table, "LiteRT.js in Chromium", verdicts)


def test_wrong_scores_are_seen(bundles: list[Path], tmp_path: Path) -> None:
    """Golden scores in reverse: the same replay must say so, or the table says nothing."""
    harmed = Path(shutil.copytree(bundles[0], tmp_path / "float32"))
    cases = json.loads((harmed / "golden.json").read_text())
    for case in cases:
        case["scores"] = [None if one is None else -one for one in case["scores"]]
    (harmed / "golden.json").write_text(json.dumps(cases))
    found = replay([sys.executable], TFLITE[-1], "xnnpack", [harmed])
    assert found["float32"].startswith("refused: golden case ")


def test_a_scale_for_each_channel_is_seen_to_be_wrong(bundles: list[Path], model, tmp_path: Path) -> None:
    """Dense layers as the quantizer leaves them: an older runtime reads them with the first channel's scale alone."""
    harmed = [Path(shutil.copytree(one, tmp_path / one.name)) for one in bundles if one.name in ("int8", "int4", "pq")]
    for bundle in harmed:
        inference = inference_model(model, encode_tables(model, Variant.parse(bundle.name, 6)))
        content = convert.quantize_dense(convert.to_float32(Signatures(inference, 20, 60, ())))
        (bundle / "model.tflite").write_bytes(content)
        write_golden(bundle / "golden.json", answered(read_golden(bundle / "golden.json"), Interpreter(content)))
    old = TFLITE[0]
    found = replay(python_with(old.packages, tmp_path), old, "xnnpack", harmed)
    assert [name for name, told in found.items() if told.startswith("refused: golden case ")] == ["int8", "int4", "pq"]


def answered(cases: list[GoldenCase], interpreter: Interpreter) -> list[GoldenCase]:
    """The cases with the scores of a model in this machine's runtime, which reads a scale for each channel rightly."""
    found = []
    for case in cases:
        candidates = pad_candidates(case.candidate_ids, 20)
        scores = interpreter.run("rerank", history=np.array([case.history_ids], np.int32), candidates=candidates)
        known = zip(case.scores, scores["scores"][0].tolist(), strict=False)
        found.append(replace(case, scores=tuple(one if one is None else score for one, score in known)))
    return found
