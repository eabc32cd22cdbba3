"""A runtime that ranks otherwise than the exporter's is refused when the bundle is loaded, not believed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recsys.litert.interpreter
from recsys.bundle import Bundle, chosen
from recsys.core.digests import sha256_file
from recsys.core.errors import ArtifactError
from serving.reranker import Reranker

Scores = np.ndarray[Any, np.dtype[np.float32]]


def pretend(monkeypatch: pytest.MonkeyPatch, change: Callable[[Scores], Scores]) -> None:
    """A runtime that changes the scores."""
    real = recsys.litert.interpreter.LiteRT

    class Other:
        def __init__(self, **given: Any) -> None:
            self._real = real(**given)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

        def get_signature_runner(self, name: str) -> Any:
            runner = self._real.get_signature_runner(name)

            class Runner:
                def __getattr__(self, name: str) -> Any:
                    return getattr(runner, name)

                def __call__(self, **inputs: Any) -> dict[str, Scores]:
                    return {key: change(value) for key, value in runner(**inputs).items()}

            return Runner()

    monkeypatch.setattr(recsys.litert.interpreter, "LiteRT", Other)


@pytest.mark.parametrize(
    "change",
    [
        lambda scores: scores * 1.5,  # as without the scales of the channels
        lambda scores: scores + np.float32(0.1),
        lambda scores: -scores,
        lambda scores: np.zeros_like(scores),
        lambda scores: scores[:, ::-1],
        lambda scores: np.full_like(scores, np.nan),
    ],
)
def test_a_runtime_that_is_wrong_is_refused(
    bundle_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Scores], Scores]
) -> None:
    pretend(monkeypatch, change)
    with pytest.raises(ArtifactError, match=r"golden.json: case \d: ai-edge-litert [\d.]+ on \w+ ranks otherwise"):
        Reranker(bundle_path)


def test_the_worst_difference_and_what_to_do_are_told(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(scores: Scores) -> Scores:
        moved = scores.copy()
        moved[0, 3] += 1
        moved[0, 5] -= 11
        return moved

    pretend(monkeypatch, change)
    item = Bundle(copied).golden()[0].candidates[5]
    with pytest.raises(ArtifactError) as refused:
        Reranker(copied)
    said = str(refused.value)
    assert f"candidate '{item}'" in said
    assert "the worst of 2 wrong scores of 20: 11.0" in said
    assert "is allowed; use a runtime that serving/README.md lists as right for int8, or another variant" in said


def test_as_much_as_the_tolerance_is_let_pass(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    half = np.float32(Bundle(copied).manifest.tolerance / 4)
    pretend(monkeypatch, lambda scores: scores + half)
    Reranker(copied)


def test_few_cases_are_replayed_and_those_with_a_history_first(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = Bundle(copied).golden()
    empty = next(case for case in cases if not any(case.history_ids))
    assert [number for number, _ in chosen([empty, *cases[:5]])] == [1, 2, 3]
    assert [number for number, _ in chosen([empty, cases[0]])] == [1, 0]
    runs: list[int] = []
    pretend(monkeypatch, lambda scores: runs.append(1) or scores)  # type: ignore[func-returns-value]
    Reranker(copied)
    assert len(runs) == 3


def test_a_golden_case_for_another_model_is_refused(copied: Path) -> None:
    path = copied / "golden.json"
    cases = json.loads(path.read_text())
    cases[1]["scores"][2] += 1
    path.write_text(json.dumps(cases))
    manifest = json.loads((copied / "manifest.json").read_text())
    manifest["files"]["golden.json"] = sha256_file(path)
    (copied / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match=r"golden\.json: case 1: .* the worst of 1 wrong scores of 20: "):
        Reranker(copied)
