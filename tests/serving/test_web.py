"""The web client: its pure parts under Node, and the page in a real headless Chromium."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recsys.bundle import Bundle
from serving.reranker import Event, Reranker

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built copy of serving/web."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("needs Node.js and npm: apt-get install nodejs npm")
    target = tmp_path_factory.mktemp("web")
    ignored = shutil.ignore_patterns("node_modules", "dist")
    shutil.copytree(ROOT / "serving" / "web", target, ignore=ignored, dirs_exist_ok=True)
    for command in (["npm", "ci", "--no-audit", "--no-fund"], ["npx", "tsc"]):
        done = subprocess.run(command, cwd=target, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="module")
def browse(web: Path) -> Callable[[Path], dict[str, Any]]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs a Chromium: apt-get install chromium")

    def run(bundle: Path) -> dict[str, Any]:
        command = ["node", "test/browser.mjs", str(bundle), chromium]
        done = subprocess.run(command, cwd=web, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return run


def node(web: Path, code: str) -> Any:
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], cwd=web, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_policies_apply_as_in_python(web: Path) -> None:
    golden = json.loads((GOLDEN / "policy.json").read_text())
    found = node(
        web,
        f"""
import {{applyPolicy}} from './dist/policy.js';
const golden = {json.dumps(golden)};
const scored = golden.scores.map(([item, score]) => ({{item, score}}));
console.log(JSON.stringify(golden.cases.map(({{rules}}) => applyPolicy(
  rules, scored, new Set(golden.seen), (item, column) => golden.columns[item][column], golden.now))));
""",
    )
    for answer, case in zip(found, golden["cases"], strict=True):
        assert [(one["item"], one["reasons"]) for one in answer] == [(i, r) for i, _, r in case["expected"]]
        assert [one["score"] for one in answer] == pytest.approx([s for _, s, _ in case["expected"]], abs=0.01)


def test_histories_encode_as_in_python(web: Path) -> None:
    reranker = Reranker(GOLDEN / "int8")
    items = reranker.catalogue()
    events = [Event(items[i * 7 % 80], (i * 5) % 4 - 1, i % 2) for i in range(30)] + [Event("zzz", 2)]
    for policy in ({"drop_duplicates": True, "drop_repeats": True}, {"drop_duplicates": False, "drop_repeats": False}):
        from recsys.data.history import CleaningPolicy, encode_history

        expected = encode_history(events, reranker.vocabulary, 40, CleaningPolicy(**policy))
        found = node(
            web,
            f"""
import {{Vocabulary, encodeHistory}} from './dist/history.js';
const events = {json.dumps([event._asdict() for event in events])};
const vocabulary = new Vocabulary({json.dumps(items)}, 0);
console.log(JSON.stringify([...encodeHistory(events, vocabulary, 40, {json.dumps(policy)})]));
""",
        )
        assert found == expected.items[0].tolist()


@pytest.mark.parametrize("variant", ["float32", "int8"])
def test_the_page_in_a_browser(browse: Callable[[Path], dict[str, Any]], variant: str) -> None:
    found = browse(GOLDEN / variant)
    assert found["refused"] is None
    assert found["errors"] == []
    assert found["golden"] == [None] * len(Bundle(GOLDEN / variant).golden())
    assert found["before"] != found["after"]
    assert any("because you liked" in reason for reason in found["reasons"])
    assert found["requests_while_ranking"] == []
    assert found["foreign_requests"] == []
    assert found["blocked"], "the page could reach another server"


@pytest.mark.parametrize("name", ["model.tflite", "vocabulary.bin"])
def test_a_damaged_bundle_is_refused_in_the_browser(
    browse: Callable[[Path], dict[str, Any]], copied: Path, name: str
) -> None:
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(content)
    assert f"{name}: SHA-256 is" in browse(copied)["refused"]
