"""One wrapper over LiteRT: from a file or from bytes, with the signatures promised or all that there are."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.bundle import Bundle, Tensor
from recsys.core.candidates import pad_candidates
from recsys.core.errors import ArtifactError, DataError
from recsys.litert.interpreter import Interpreter

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(params=["float32", "int8"])
def bundle(request: pytest.FixtureRequest) -> Bundle:
    return Bundle(GOLDEN / request.param)


def test_the_signatures_are_those_that_were_exported(bundle: Bundle) -> None:
    found = Interpreter(bundle.model_file.read_bytes()).signatures
    assert found == bundle.manifest.signatures
    assert [list(one.inputs) for one in found.values()] == [sorted(one.inputs) for one in found.values()]


@pytest.mark.parametrize("plain", [False, True])
def test_file_and_bytes_give_the_golden_scores(bundle: Bundle, plain: bool) -> None:
    case = bundle.golden()[0]
    candidates = pad_candidates(case.candidate_ids, bundle.manifest.candidates)
    known = [(row, wanted) for row, wanted in enumerate(case.scores) if wanted is not None]
    assert known
    for model in (bundle.model_file, bundle.model_file.read_bytes()):
        interpreter = Interpreter(model, plain=plain)
        found = interpreter.run("rerank", history=np.array([case.history_ids], np.int32), candidates=candidates)
        for row, wanted in known:
            assert found["scores"][0, row] == pytest.approx(wanted, abs=bundle.manifest.tolerance)


def test_only_what_is_promised_can_be_run(bundle: Bundle) -> None:
    interpreter = Interpreter(bundle.model_file, {"rerank": bundle.manifest.signatures["rerank"]})
    assert list(interpreter.signatures) == ["rerank"]
    with pytest.raises(ArtifactError, match=r"no signature 'encode'; it has rerank"):
        interpreter.run("encode")


def test_a_broken_promise_is_refused(bundle: Bundle) -> None:
    rerank = bundle.manifest.signatures["rerank"]
    other = {"other": Tensor((1,), "int32")}
    for side, wrong in (("inputs", replace(rerank, inputs=other)), ("outputs", replace(rerank, outputs=other))):
        with pytest.raises(ArtifactError, match=rf"model\.tflite: rerank {side} are .*, the manifest says .*other"):
            Interpreter(bundle.model_file, {"rerank": wrong})
    with pytest.raises(ArtifactError, match=r"signature 'fly' is missing; the model has .*rerank"):
        Interpreter(bundle.model_file, {"fly": rerank})


def test_inputs_of_another_type_are_refused_and_named(bundle: Bundle) -> None:
    shape = bundle.manifest.signatures["rerank"].inputs["history"].shape
    with pytest.raises(DataError, match=r"rerank: expected candidates: .*; history: .*int32.*, found .*int64"):
        Interpreter(bundle.model_file).run("rerank", history=np.zeros(shape, np.int64))


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ArtifactError, match=r"a model of 4 bytes: LiteRT refuses the model"):
        Interpreter(b"none")
