"""A format of model files is a module with a backend, and a line in a table: here one of a test's own."""

import json
from pathlib import Path

import pytest

from recsys.bundle import Bundle
from recsys.cli import main
from recsys.config.export import ExportConfig
from recsys.core.errors import ArtifactError, ConfigError
from recsys.export.backend import BACKENDS, Inspection, backend_of, scorer_of
from recsys.export.stage import bundles_dir
from recsys.export.tflite.backend import TFLite
from recsys.models.loading import load_run
from recsys.tracking.registry.gate import Budget, check_parity
from serving.reranker import Reranker
from tests.tracking.conftest import run_builder

MAGIC = b"TOY\n"


class Toy:
    """TFLite's file behind four bytes, which LiteRT refuses."""

    model_file = "model.toy"

    def convert(self, *args, **kwargs):
        return MAGIC + TFLite().convert(*args, **kwargs)

    def inspect(self, content):
        return Inspection({}, {}, TFLite().inspect(content.removeprefix(MAGIC)).multiply_adds)

    def load(self, model, promised=None, *, plain=False):
        content = model.read_bytes() if isinstance(model, Path) else model
        assert content.startswith(MAGIC)
        return TFLite().load(content.removeprefix(MAGIC), promised, plain=plain)


@pytest.fixture
def toy(monkeypatch):
    monkeypatch.setitem(BACKENDS, "toy", f"{__name__}:Toy")


@pytest.fixture
def run(tmp_path):
    """A finished run of random weights, and the dataset it is of, below a work directory."""
    from recsys.config.model import ModelConfig
    from recsys.models.sasrec import build_model
    from recsys.models.weights import save_weights

    builder = run_builder(tmp_path)
    made = builder(finished=False)
    model = build_model(ModelConfig.model_validate(made.config["model"]), made.manifest.table_size)
    builder.finish(made, weights=lambda path: save_weights(model, path))
    return made


def export(run, work_dir, *settings):
    known = ("export.variants=[float32]", "export.candidates=12", "tracking.enabled=false")
    sets = [word for setting in (*known, *settings) for word in ("--set", setting)]
    return main(["export", str(run.path), "--work-dir", str(work_dir), "--json", *sets])


def test_a_bundle_of_another_format(toy, run, tmp_path, capsys):
    assert export(run, tmp_path, "export.format=toy") == 0, capsys.readouterr().err
    bundle = Bundle(json.loads(capsys.readouterr().out)["variants"]["float32"]["path"])
    assert (bundle.manifest.model_format, bundle.manifest.model_file) == ("toy", "model.toy")
    assert (bundle.path / "model.toy").read_bytes().startswith(MAGIC)
    assert bundle.device_bytes > (bundle.path / "model.toy").stat().st_size
    keras = load_run(run)
    verdict = check_parity(
        bundle,
        run.digest,
        lambda *asked: keras.score(*asked).numpy(),
        bundle.manifest.items,
        Budget(quality_loss=0.9),
        scorer_of,
    )
    assert verdict.passed, verdict.evidence
    with pytest.raises(ArtifactError, match=r"its model is of the format 'toy', clients run tflite"):
        Reranker(bundle.path)
    with pytest.raises(ArtifactError, match=r"its model is of the format 'toy', export\.format is 'tflite'"):
        bundles_dir(run, ExportConfig(since=bundle.path.parent), tmp_path)
    assert bundles_dir(run, ExportConfig(format="toy"), tmp_path) != bundles_dir(run, ExportConfig(), tmp_path)


def test_a_format_that_nobody_makes_is_refused_with_those_that_are_known(toy, run, tmp_path, capsys):
    assert export(run, tmp_path, "export.format=onnx") == 2
    assert "export.format: no format 'onnx' of model files; expected one of tflite, toy" in capsys.readouterr().err
    assert not (tmp_path / "bundles").exists()
    with pytest.raises(ConfigError, match="expected one of tflite, toy"):
        backend_of("onnx")


def test_a_stored_bundle_of_a_format_that_nobody_makes_is_named(toy, run, tmp_path, capsys, monkeypatch):
    assert export(run, tmp_path, "export.format=toy") == 0, capsys.readouterr().err
    bundle = Bundle(json.loads(capsys.readouterr().out)["variants"]["float32"]["path"])
    monkeypatch.delitem(BACKENDS, "toy")
    with pytest.raises(ArtifactError, match=f"{bundle.path}: its model_format is 'toy', this version makes tflite"):
        scorer_of(bundle)
