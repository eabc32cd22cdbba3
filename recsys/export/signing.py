"""Sign a bundle: Ed25519 (RFC 8032) over its manifest, which vouches for every other file."""

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from recsys.bundle import SIGNATURE_FILE, Bundle
from recsys.core.errors import ConfigError
from recsys.core.publishing import appearing
from recsys.core.schema import MANIFEST


def sign(bundle: Path, private_key: Path) -> None:
    """Write ``manifest.sig`` beside the manifest.

    Args:
        private_key: PEM without a password, as ``openssl genpkey -algorithm ed25519`` writes it.

    Raises:
        ConfigError: the key is not one.
        ArtifactError: the bundle is damaged.
    """
    Bundle(bundle)
    try:
        key = load_pem_private_key(private_key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{private_key}: not a private key in PEM ({error})") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{private_key}: an Ed25519 key is needed, this is {type(key).__name__}")
    with appearing(bundle / SIGNATURE_FILE) as aside:
        aside.write_text(key.sign((bundle / MANIFEST).read_bytes()).hex() + "\n")
