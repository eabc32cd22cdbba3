"""The web client: its pure parts under Node, and the page in a real headless Chromium."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.bundle import Bundle
from recsys.core.digests import sha256_file
from recsys.core.events import CleaningPolicy
from recsys.core.events.codes import LARGEST_VALUE, EventCodes
from recsys.core.history import History, encode_history
from recsys.core.vocabulary import Vocabulary
from serving.odd_times import odd_times
from serving.reranker import Event
from tests.serving.hostile import MUTATIONS, mutate, name

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


def refusals(web: Path, bundles: list[Path]) -> list[str | None]:
    """What the web client says of each bundle, up to its model: null where it takes it."""
    code = f"""
import {{Bundle}} from './dist/bundle.js';
import {{chosen}} from './dist/golden.js';
import {{encodeHistory}} from './dist/history.js';
import {{serve}} from './server.mjs';
const said = [];
for (const path of {json.dumps([str(path) for path in bundles])}) {{
  const server = await serve(path);
  try {{
    const bundle = await Bundle.open(`http://127.0.0.1:${{server.address().port}}/bundle`);
    const vocabulary = await bundle.vocabulary();
    await bundle.columns();
    await bundle.policy();
    const cases = await bundle.golden();
    await bundle.file('model.tflite');
    for (const [, golden] of chosen(cases)) {{
      const ids = golden.candidates.map((item) => vocabulary.encode(item));
      const {{history}} = encodeHistory(golden.history, vocabulary, bundle.manifest, golden.now);
      if (String(ids) !== String(golden.candidate_ids) || String(history) !== String(golden.history_ids)) {{
        throw new Error('other ids than the case has');
      }}
    }}
    said.push(null);
  }} catch (error) {{
    said.push(error.message);
  }} finally {{
    server.close();
    server.closeAllConnections();
  }}
}}
console.log(JSON.stringify(said));
"""
    found: list[str | None] = node(web, code)
    return found


def test_what_every_client_refuses(web: Path, tmp_path: Path) -> None:
    bundles = [Path(shutil.copytree(GOLDEN / "int8", tmp_path / str(n))) for n in range(len(MUTATIONS))]
    for bundle, mutation in zip(bundles, MUTATIONS, strict=True):
        mutate(bundle, mutation)
    found = refusals(web, [GOLDEN / "int8", *bundles])
    assert found[0] is None
    wrong = [
        (name(mutation), said)
        for said, mutation in zip(found[1:], MUTATIONS, strict=True)
        if said is None or mutation["reason"] not in said or len(said) > 1000
    ]
    assert wrong == []


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


Encode = Callable[[list[Event], int, CleaningPolicy, EventCodes, list[str], int], dict[str, list[int]]]
ITEMS = [f"é{number}" for number in range(5)]


@pytest.fixture(scope="module")
def encode_in_node(web: Path) -> Iterator[Encode]:
    """The web client's ``encodeHistory`` over ``ITEMS``, in one process of Node that answers line by line."""
    code = f"""
import {{createInterface}} from 'node:readline';
import {{Vocabulary, encodeHistory}} from './dist/history.js';
const vocabulary = new Vocabulary({json.dumps(ITEMS)}, 0);
for await (const line of createInterface({{input: process.stdin}})) {{
  const [events, format, now] = JSON.parse(line);
  const channels = Object.entries(encodeHistory(events, vocabulary, format, now));
  console.log(JSON.stringify(Object.fromEntries(channels.map(([name, values]) => [name, [...values]]))));
}}
"""
    command = ["node", "--input-type=module", "-e", code]
    with subprocess.Popen(command, cwd=web, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asked, answers = process.stdin, process.stdout

        def encode(
            events: list[Event], length: int, policy: CleaningPolicy, codes: EventCodes, inputs: list[str], now: int
        ) -> dict[str, list[int]]:
            form = {"history_length": length, "cleaning": policy.to_json(), "history_inputs": inputs}
            form["event_codes"] = {"types": codes.types, "value_edges": codes.value_edges or []}
            print(json.dumps([[event._asdict() for event in events], form, now]), file=asked, flush=True)
            found: dict[str, list[int]] = json.loads(answers.readline())
            return found

        yield encode


EXACT = (1 << 53) - 1  # milliseconds: what a number of JavaScript holds exactly
MOMENTS = st.one_of(
    st.integers(-3000, 3000),
    st.integers(EXACT - 3000, EXACT),
    st.integers(-EXACT, 3000 - EXACT),
    st.integers(-EXACT, EXACT),
)
KINDS = st.sampled_from(["", "view", "buy"])
FLOATS = st.floats(allow_nan=False, min_value=-LARGEST_VALUE, max_value=LARGEST_VALUE)
EDGES = (float(np.float32(0.1)), 1.0, 2.5)
VALUES = st.none() | st.sampled_from([*EDGES, 0.1, 0.10000001, 2, 3]) | FLOATS
ITEM_NAMES = st.sampled_from([*ITEMS, "zzz"])
EVENTS = st.lists(st.builds(Event, ITEM_NAMES, MOMENTS, st.integers(-1, 1), KINDS, VALUES), max_size=20)
CODES = st.builds(EventCodes, st.sampled_from([("view",), ("buy", "view")]), st.sampled_from([(), (1.0,), EDGES]))
POLICIES = st.builds(CleaningPolicy, st.booleans(), st.booleans(), st.sampled_from([(), ("view",), ("view", "buy")]))


@settings(max_examples=300)
@given(
    events=EVENTS,
    length=st.integers(1, 12),
    policy=POLICIES,
    codes=CODES,
    read=st.sets(st.sampled_from(sorted(set(History.names().values()) - {"history"}))),
    now=MOMENTS,
)
def test_histories_encode_as_in_python(
    encode_in_node: Encode,
    events: list[Event],
    length: int,
    policy: CleaningPolicy,
    codes: EventCodes,
    read: set[str],
    now: int,
) -> None:
    taken = ["history", *sorted(read)]
    expected = encode_history(events, Vocabulary(ITEMS), length, policy, now, codes).inputs()
    found = encode_in_node(events, length, policy, codes, taken, now)
    assert found == {name: expected[name][0].tolist() for name in taken}


def test_odd_times_are_told_as_in_python(web: Path) -> None:
    now = 1_700_000_000_000
    times = [[], [now], [0, now], [-5], [now // 1000, now, now // 1000], [now + 90_000, now + 200_000], [5, 0]]
    asked = [[[{"item": "a", "timestamp": time} for time in some], at] for some in times for at in (now, 4)]
    code = f"""
import {{oddTimes}} from './dist/odd_times.js';
const asked = {json.dumps(asked)};
console.log(JSON.stringify(asked.map(([history, now]) => Object.fromEntries(oddTimes(history, now)))));
"""
    found = node(web, code)
    assert found == [odd_times([Event(**event) for event in history], at) for history, at in asked]
    assert {kind for told in found for kind in told} == {"missing", "seconds", "future"}


@pytest.mark.parametrize("now", [1 << 53, -(1 << 53), 1.5, "1", None])
def test_a_moment_that_a_number_does_not_hold_is_refused(web: Path, now: Any) -> None:
    code = f"""
import {{checkNow}} from './dist/events.js';
try {{
  checkNow({json.dumps(now)}, 'a request');
  console.log('null');
}} catch (error) {{
  console.log(JSON.stringify(error.message));
}}
"""
    assert "a request: now is a 64-bit integer, here within 2^53 of 0, found" in node(web, code)


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


def test_a_runtime_that_is_wrong_is_refused_in_the_browser(
    browse: Callable[[Path], dict[str, Any]], copied: Path
) -> None:
    """To the page it is all one whether its runtime or the golden scores moved."""
    cases = json.loads((copied / "golden.json").read_text())
    cases[0]["scores"][3] += 5
    (copied / "golden.json").write_text(json.dumps(cases))
    manifest = json.loads((copied / "manifest.json").read_text())
    manifest["files"]["golden.json"] = sha256_file(copied / "golden.json")
    (copied / "manifest.json").write_text(json.dumps(manifest))
    refused = browse(copied)["refused"]
    assert "case 0: LiteRT.js in this browser ranks otherwise than the exporter" in refused
    assert "the worst of 1 wrong scores of 20: 5" in refused or "the worst of 1 wrong scores of 20: 4.9" in refused


def test_a_bundle_without_its_goldens_is_taken_by_the_browser(
    browse: Callable[[Path], dict[str, Any]], copied: Path
) -> None:
    (copied / "golden.json").unlink()
    found = browse(copied)
    assert (found["refused"], found["golden"]) == (None, [])
