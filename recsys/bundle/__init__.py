"""The bundle: one variant of a model with all that a client needs to use it. Standard library and numpy only."""

from recsys.bundle.bundle import (
    GOLDEN_FILE,
    ITEMS_DIR,
    PHONE_FORMAT,
    SIGNATURE_FILE,
    VOCABULARY_FILE,
    Bundle,
    seal,
)
from recsys.bundle.delta import Delta
from recsys.bundle.events import check_event, check_item, check_now, event_from_json
from recsys.bundle.golden import GoldenCase, chosen, write_golden
from recsys.bundle.golden_file import read_golden
from recsys.bundle.manifest import BundleManifest, Signature, Tensor
from recsys.bundle.policy import POLICY_FILE, read_policy
from recsys.bundle.strings import StringTable, write_strings
from recsys.bundle.vocabulary import BundleVocabulary

__all__ = [
    "GOLDEN_FILE",
    "ITEMS_DIR",
    "PHONE_FORMAT",
    "POLICY_FILE",
    "SIGNATURE_FILE",
    "VOCABULARY_FILE",
    "Bundle",
    "BundleManifest",
    "BundleVocabulary",
    "Delta",
    "GoldenCase",
    "Signature",
    "StringTable",
    "Tensor",
    "check_event",
    "check_item",
    "check_now",
    "chosen",
    "event_from_json",
    "read_golden",
    "read_policy",
    "seal",
    "write_golden",
    "write_strings",
]
