"""What a bundle says of itself, read from JSON that no one vouches for."""

from dataclasses import asdict, dataclass, field
from typing import Any

from recsys.bundle.reader import Reader
from recsys.core.errors import ArtifactError, DataError
from recsys.core.events import CleaningPolicy
from recsys.core.events.codes import EventCodes
from recsys.core.history import History
from recsys.core.schema import PAD_ID

# No phone ranks with more; a manifest that says so is refused before anything is allocated.
MAX_LENGTH, MAX_CANDIDATES, MAX_ITEMS = 4096, 65_536, 100_000_000
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
class BundleManifest:
    """A checked manifest.

    Attributes:
        variant: ``float32``, ``int8``, …
        model_format: what the model file is, ``tflite`` for phones.
        model_file: the name of the model file.
        model_version: changes whenever the weights do.
        history_length, candidates: the fixed shapes of ``rerank``; clients chunk and pad.
        items: catalog size; internal ids are 1..items, then ``oov_buckets`` more.
        cleaning: what a history leaves out.
        event_codes: what stands for an event's type and value, of those that the model reads.
        tolerance: how far scores may lie from the golden ones on another runtime.
        minimum_runtime: the first release that has every operator of the model, as ``2.4.0``, by the runtime's name; a
            newer one must still pass the golden cases.
        operators: how often each operator stands in the model.
        measured: quality, parity and latency found on export, with what they were measured on.
        files: SHA-256 of every other file.
    """

    variant: str
    model_format: str
    model_file: str
    model_version: str
    run_digest: str
    dataset_digest: str
    history_length: int
    candidates: int
    items: int
    oov_buckets: int
    cleaning: CleaningPolicy
    tolerance: float
    minimum_runtime: dict[str, str]
    signatures: dict[str, Signature]
    operators: dict[str, int]
    measured: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)
    event_codes: EventCodes = field(default_factory=EventCodes)

    @property
    def history_inputs(self) -> list[str]:
        """What the model reads of a history, by the names of its inputs."""
        taken = self.signatures["rerank"].inputs if "rerank" in self.signatures else {}
        return [name for channel, name in History.names().items() if channel == "items" or name in taken]

    def to_json(self) -> dict[str, Any]:
        value = asdict(self)
        value["cleaning"] = self.cleaning.to_json()
        value["event_codes"] = self.event_codes.to_json()
        if not value["event_codes"]:
            del value["event_codes"]
        value["pad_id"], value["padding"], value["truncation"] = PAD_ID, PADDING, TRUNCATION
        return value

    @classmethod
    def from_json(cls, value: dict[str, Any], origin: str) -> "BundleManifest":
        """Check every field; ``origin`` is what errors name.

        Raises:
            ArtifactError: a field is missing, of the wrong type or out of bounds.
        """
        read = Reader(value, origin)
        read.constant("pad_id", PAD_ID)
        read.constant("padding", PADDING)
        read.constant("truncation", TRUNCATION)
        try:
            cleaning = CleaningPolicy.from_json(read.mapping("cleaning"))
            codes = EventCodes.from_json(value.get("event_codes", {}))
        except DataError as error:
            raise ArtifactError(f"{origin}: {error}") from None
        manifest = cls(
            variant=read.text("variant"),
            model_format=read.text("model_format"),
            model_file=read.file_name("model_file"),
            model_version=read.text("model_version"),
            run_digest=read.text("run_digest"),
            dataset_digest=read.text("dataset_digest"),
            history_length=read.number("history_length", 1, MAX_LENGTH),
            candidates=read.number("candidates", 1, MAX_CANDIDATES),
            items=read.number("items", 1, MAX_ITEMS),
            oov_buckets=read.number("oov_buckets", 0, MAX_ITEMS),
            cleaning=cleaning,
            tolerance=read.positive("tolerance"),
            minimum_runtime=read.releases("minimum_runtime"),
            signatures={name: _signature(read, name) for name in read.mapping("signatures")},
            operators=read.counts("operators"),
            measured=read.mapping("measured"),
            files=read.hashes("files"),
            event_codes=codes,
        )
        manifest.check_signatures(origin)
        return manifest

    def check_signatures(self, origin: str) -> None:
        """Hold those that clients rank by to the manifest's own sizes; the other inputs of ``step`` are the model's.

        Raises:
            ArtifactError: ``rerank`` is missing, one takes or gives something else, or ``event_codes`` are not those of
                the channels that it takes.
        """
        for name, has_codes in (
            ("types", bool(self.event_codes.types)),
            ("values", self.event_codes.value_edges is not None),
        ):
            if has_codes != (name in self.history_inputs):
                raise ArtifactError(
                    f"{origin}: event_codes must say what stands for {name} where rerank takes them, and only there; "
                    "the bundle contradicts itself"
                )
        history, candidates = Tensor((1, self.history_length), "int32"), Tensor((1, self.candidates), "int32")
        scores = {"scores": Tensor((1, self.candidates), "float32")}
        channels = dict.fromkeys(self.history_inputs, history)
        takes = {"rerank": {**channels, "candidates": candidates}, "start": channels}
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


def _signature(read: "Reader", name: str) -> Signature:
    inner = Reader(read.mapping("signatures"), read.origin).inside(name)
    return Signature(*({n: _tensor(inner, side, n) for n in inner.mapping(side)} for side in ("inputs", "outputs")))


def _tensor(read: "Reader", side: str, name: str) -> Tensor:
    inner = read.inside(side).inside(name)
    shape, dtype = inner.value.get("shape"), inner.text("dtype")
    if not isinstance(shape, list) or not all(type(size) is int and 0 < size <= MAX_ITEMS for size in shape):
        raise ArtifactError(f"{inner.origin}.shape: expected a list of positive sizes, found {shape!r}")
    if dtype not in DTYPES:
        raise ArtifactError(f"{inner.origin}.dtype: expected one of {', '.join(DTYPES)}, found {dtype!r}")
    return Tensor(tuple(shape), dtype)
