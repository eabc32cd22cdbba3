"""What a stage gives back: its artifact, and whether it had to be made."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """A stage's artifact; ``reused`` says that its inputs had not changed and it was there already."""

    artifact: T
    reused: bool
