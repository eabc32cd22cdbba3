"""Check who made a bundle: Ed25519 (RFC 8032) over its manifest, which vouches for every other file."""

from pathlib import Path

from recsys.bundle import SIGNATURE_FILE
from recsys.core.errors import ArtifactError, ConfigError
from recsys.core.schema import MANIFEST


def check_signature(bundle: Path, public_key: Path) -> None:
    """Refuse a bundle that the holder of the key did not sign.

    Args:
        public_key: PEM, as ``openssl pkey -pubout`` writes it.

    Raises:
        ArtifactError: the bundle is not signed, or not by this key, or was changed since.
        ConfigError: the key is not one, or the package cryptography is not installed.
    """
    try:
        from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    except ImportError:
        raise ConfigError(
            "checking a signature needs the package cryptography: pip install '.[signing]' in a checkout"
        ) from None
    try:
        key = load_pem_public_key(public_key.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{public_key}: not a public key in PEM ({error})") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"{public_key}: an Ed25519 key is needed, this is {type(key).__name__}")
    try:
        signature = bytes.fromhex((bundle / SIGNATURE_FILE).read_text(encoding="ascii"))
        key.verify(signature, (bundle / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise ArtifactError(f"{error.filename}: missing; the bundle is not signed") from None
    except (InvalidSignature, ValueError):
        raise ArtifactError(f"{bundle / SIGNATURE_FILE}: not a signature of this manifest by {public_key}") from None
