"""What a bundle says of itself, read from JSON that no one vouches for."""

import re
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from recsys.core.errors import ArtifactError, DataError
from recsys.core.events import CleaningPolicy
from recsys.core.schema import PAD_ID

T = TypeVar("T")

# No phone ranks with more; a manifest that says so is refused before anything is allocated.
MAX_LENGTH, MAX_CANDIDATES, MAX_ITEMS = 4096, 65_536, 100_000_000
LARGEST, LONGEST_NAME = 1e9, 255  # of a tolerance; of a file's name, in bytes
PADDING, TRUNCATION = "left", "keep newest"
DTYPES = ("int32", "float32", "int8", "uint8", "float16")


@dataclass(frozen=True)
class Tensor:
    """Shape and dtype of one input or output."""

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Signature:
    """Named tensors in, named tensors out."""

    inputs: dict[str, Tensor]
    outputs: dict[str, Tensor]


@dataclass(frozen=True)
class MinimumRuntime:
    """The first release that has every operator of the model, as ``2.4.0``, in either numbering.

    Attributes:
        tensorflow: of TensorFlow Lite.
        litert: of LiteRT, which has counted from 1.0 since it left TensorFlow.
    """

    tensorflow: str
    litert: str


@dataclass(frozen=True)
class BundleManifest:
    """A checked manifest.

    Attributes:
        variant: ``float32``, ``int8``, …
        model_version: changes whenever the weights do.
        history_length, candidates: the fixed shapes of ``rerank``; clients chunk and pad.
        items: catalog size; internal ids are 1..items, then ``oov_buckets`` more.
        cleaning: what a history leaves out.
        tolerance: how far scores may lie from the golden ones on another runtime.
        minimum_runtime: an older runtime lacks an operator; a newer one must still pass the golden cases.
        operators: how often each TFLite operator stands in the model.
        measured: quality, parity and latency found on export, with what they were measured on.
        files: SHA-256 of every other file.
    """

    variant: str
    model_version: str
    run_digest: str
    dataset_digest: str
    history_length: int
    candidates: int
    items: int
    oov_buckets: int
    cleaning: CleaningPolicy
    tolerance: float
    minimum_runtime: MinimumRuntime
    signatures: dict[str, Signature]
    operators: dict[str, int]
    measured: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)

    @property
    def table_size(self) -> int:
        return 1 + self.items + self.oov_buckets

    def to_json(self) -> dict[str, Any]:
        value = asdict(self)
        value["cleaning"] = self.cleaning.to_json()
        value["pad_id"], value["padding"], value["truncation"] = PAD_ID, PADDING, TRUNCATION
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any], origin: str) -> "BundleManifest":
        """Check every field; ``origin`` is what errors name.

        Raises:
            ArtifactError: a field is missing, of the wrong type or out of bounds.
        """
        read = _Reader(value, origin)
        read.constant("pad_id", PAD_ID)
        read.constant("padding", PADDING)
        read.constant("truncation", TRUNCATION)
        try:
            cleaning = CleaningPolicy.from_json(read.mapping("cleaning"))
        except DataError as error:
            raise ArtifactError(f"{origin}: {error}") from None
        manifest = cls(
            variant=read.text("variant"),
            model_version=read.text("model_version"),
            run_digest=read.text("run_digest"),
            dataset_digest=read.text("dataset_digest"),
            history_length=read.number("history_length", 1, MAX_LENGTH),
            candidates=read.number("candidates", 1, MAX_CANDIDATES),
            items=read.number("items", 1, MAX_ITEMS),
            oov_buckets=read.number("oov_buckets", 0, MAX_ITEMS),
            cleaning=cleaning,
            tolerance=read.positive("tolerance"),
            minimum_runtime=_minimum_runtime(read),
            signatures={name: _signature(read, name) for name in read.mapping("signatures")},
            operators=read.counts("operators"),
            measured=read.mapping("measured"),
            files=read.hashes("files"),
        )
        manifest.check_signatures(origin)
        return manifest

    def check_signatures(self, origin: str) -> None:
        """Hold those that clients rank by to the manifest's own sizes; the other inputs of ``step`` are the model's.

        Raises:
            ArtifactError: ``rerank`` is missing, or one takes or gives something else.
        """
        history, candidates = Tensor((1, self.history_length), "int32"), Tensor((1, self.candidates), "int32")
        scores = {"scores": Tensor((1, self.candidates), "float32")}
        takes = {"rerank": {"history": history, "candidates": candidates}, "start": {"history": history}}
        gives = {"rerank": scores, "score": scores}
        if "rerank" not in self.signatures:
            raise ArtifactError(f"{origin}: no signature rerank; the bundle contradicts itself")
        for side, expected in (("inputs", takes), ("outputs", gives)):
            for name, tensors in expected.items():
                found = getattr(self.signatures[name], side) if name in self.signatures else tensors
                if found != tensors:
                    raise ArtifactError(
                        f"{origin}: {side} of the signature {name} must be {tensors}, found {found}; "
                        "the bundle contradicts itself"
                    )


def _signature(read: "_Reader", name: str) -> Signature:
    inner = _Reader(read.mapping("signatures"), read.origin).inside(name)
    return Signature(*({n: _tensor(inner, side, n) for n in inner.mapping(side)} for side in ("inputs", "outputs")))


def _minimum_runtime(read: "_Reader") -> MinimumRuntime:
    inner = read.inside("minimum_runtime")
    return MinimumRuntime(inner.release("tensorflow"), inner.release("litert"))


def _tensor(read: "_Reader", side: str, name: str) -> Tensor:
    inner = read.inside(side).inside(name)
    shape, dtype = inner.value.get("shape"), inner.text("dtype")
    if not isinstance(shape, list) or not all(type(size) is int and 0 < size <= MAX_ITEMS for size in shape):
        raise ArtifactError(f"{inner.origin}.shape: expected a list of positive sizes, found {shape!r}")
    if dtype not in DTYPES:
        raise ArtifactError(f"{inner.origin}.dtype: expected one of {', '.join(DTYPES)}, found {dtype!r}")
    return Tensor(tuple(shape), dtype)


class _Reader:
    """Takes checked values out of a JSON object, and says where it stands when one is wrong."""

    def __init__(self, value: dict[str, Any], origin: str) -> None:
        self.value, self.origin = value, origin

    def inside(self, key: str) -> "_Reader":
        return _Reader(self.mapping(key), f"{self.origin}: {key}")

    def text(self, key: str) -> str:
        return self._typed(key, str, "text")

    def release(self, key: str) -> str:
        found = self.text(key)
        if re.fullmatch(r"\d+\.\d+\.\d+", found, re.ASCII) is None:
            raise ArtifactError(f"{self.origin}: {key} must be a release as 2.4.0, found {found!r}")
        return found

    def mapping(self, key: str) -> dict[str, Any]:
        return self._typed(key, dict, "an object")

    def number(self, key: str, low: int, high: int) -> int:
        found = self._typed(key, int, "an integer")
        if isinstance(found, bool) or not low <= found <= high:
            raise ArtifactError(f"{self.origin}: {key} must lie in {low}..{high}, found {found}")
        return found

    def positive(self, key: str) -> float:
        found: float = self._typed(key, (int, float), "a number")
        if isinstance(found, bool) or not 0 < found <= LARGEST:
            raise ArtifactError(f"{self.origin}: {key} must be positive and finite, found {str(found)[:80]}")
        return float(found)

    def constant(self, key: str, expected: Any) -> None:
        if type(self.value.get(key)) is not type(expected) or self.value[key] != expected:
            raise ArtifactError(f"{self.origin}: {key} must be {expected!r}, found {self.value.get(key)!r}")

    def hashes(self, key: str) -> dict[str, str]:
        found = self.mapping(key)
        for name, value in found.items():
            if not isinstance(value, str) or re.fullmatch("[0-9a-f]{64}", value) is None:
                raise ArtifactError(f"{self.origin}: {key}: {name!r} needs a SHA-256 in hex, found {_short(value)}")
            if len(name.encode()) > LONGEST_NAME:
                raise ArtifactError(f"{self.origin}: {key}: a name of {len(name.encode())} bytes, which no file has")
        return found

    def counts(self, key: str) -> dict[str, int]:
        return {name: self.inside(key).number(name, 1, MAX_ITEMS) for name in self.mapping(key)}

    def _typed(self, key: str, kind: type[T] | tuple[type[T], ...], name: str) -> T:
        found = self.value.get(key)
        if not isinstance(found, kind):
            raise ArtifactError(f"{self.origin}: {key} must be {name}, found {_short(found)}")
        return found


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
