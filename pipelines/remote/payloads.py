"""What a pipeline carries to its workers: the Python objects in Beam's proto, looked at as a worker would load them."""

import base64
import bz2
import io
import pickle  # only of what this process has just pickled
import pickletools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

_PICKLED = base64.b64encode(bz2.compress(b""))[:5]  # Beam packs pickles so; its own coders it spells otherwise
_FRAMED = b"\x80\x05\x95"  # how a pickle of any size begins, and no UTF-8 text holds
_VALUES = "beam:transform:pickled_python:v1"  # of Create; the others are functions, or of Beam's own kinds


@dataclass
class Payload:
    """A pickled function or value.

    Attributes:
        step: the name of the transform that it belongs to.
        data: its bytes, unpacked.
        paths: the paths among its objects.
        texts: every string in it, names of modules and attributes among them.
        modules: of the classes and functions that a worker imports for it.
    """

    step: str
    data: bytes
    paths: set[PurePath] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)


def payloads_of(pipeline: Any) -> Iterator[Payload]:
    """The payloads of a pipeline that has been built, each once.

    Raises:
        Exception: as Beam's, of an object that cannot be pickled.
    """
    components = pipeline.to_runner_api().components
    met: set[bytes] = set()
    for kind in (components.transforms, components.coders, components.windowing_strategies):
        for name in sorted(kind, key=_place):
            component = kind[name]
            for packed in _specs(component):
                if packed.startswith(_PICKLED) and packed not in met:
                    met.add(packed)
                    payload = Payload(getattr(component, "unique_name", name), bz2.decompress(base64.b64decode(packed)))
                    has_values = kind is components.transforms and component.spec.urn == _VALUES
                    _look(payload, payload.data, has_values)
                    yield payload


def _place(name: str) -> int:
    """Beam's names end with the order in which things were made."""
    return int(name.rpartition("_")[2])


def _specs(message: Any) -> Iterator[bytes]:
    """The payload of every function spec in a message, those that lie in another's payload among them."""
    from apache_beam.portability.api import beam_runner_api_pb2 as protos

    nested = {
        "beam:transform:pardo:v1": protos.ParDoPayload,
        **{f"beam:transform:combine_{kind}:v1": protos.CombinePayload for kind in ("per_key", "grouped_values")},
    }
    if message.DESCRIPTOR.name == "FunctionSpec":
        yield message.payload
        if message.urn in nested:
            yield from _specs(nested[message.urn].FromString(message.payload))
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        if descriptor.message_type.GetOptions().map_entry:
            value = value.values()
        for one in value if hasattr(value, "__iter__") else [value]:
            if hasattr(one, "ListFields"):
                yield from _specs(one)


def _look(payload: Payload, data: bytes, has_values: bool) -> None:
    """Note what a pickle holds.

    Args:
        has_values: those that a pipeline begins with are in it, each encoded as an element: text, or around a pickle.
            Nothing else is searched for pickles, for what came from outside is not loaded.
    """
    _Loader(payload, data).load()
    for _, argument, _ in pickletools.genops(data):
        if isinstance(argument, str):
            payload.texts.add(argument)
        elif has_values and isinstance(argument, bytes):
            if (found := argument.find(_FRAMED)) >= 0:
                _look(payload, argument[found:], has_values)
            else:
                payload.texts.add(argument.decode(errors="replace"))


class _Loader(pickle.Unpickler):
    """Loads a pickle, and notes its paths and what it imports."""

    def __init__(self, payload: Payload, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.payload = payload

    def find_class(self, module: str, name: str) -> Any:
        self.payload.modules.add(module)
        found = super().find_class(module, name)
        if isinstance(found, type) and issubclass(found, PurePath):
            return lambda *parts: self._noted(found(*parts))
        return found

    def _noted(self, path: PurePath) -> PurePath:
        self.payload.paths.add(path)
        return path
