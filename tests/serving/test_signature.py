"""Only what the holder of the key signed is loaded, when a key is given."""

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from recsys.cli import main
from recsys.core.errors import ArtifactError, ConfigError
from recsys.export.signing import sign
from serving.reranker import Reranker


def write_keys(directory: Path, key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> tuple[Path, Path]:
    private = directory / "private.pem"
    public = directory / "public.pem"
    directory.mkdir(exist_ok=True)
    pem = serialization.Encoding.PEM
    no_password = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password))
    public.write_bytes(key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return private, public


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    return write_keys(tmp_path / "keys", ed25519.Ed25519PrivateKey.generate())


def test_a_signed_bundle_loads(copied: Path, keys: tuple[Path, Path]) -> None:
    sign(copied, keys[0])
    assert Reranker(copied, public_key=keys[1]).rerank([], []) == []
    assert Reranker(copied).rerank([], []) == []


def test_an_unsigned_bundle_is_refused(copied: Path, keys: tuple[Path, Path]) -> None:
    with pytest.raises(ArtifactError, match="not signed"):
        Reranker(copied, public_key=keys[1])


def test_a_change_after_signing_is_refused(copied: Path, keys: tuple[Path, Path]) -> None:
    sign(copied, keys[0])
    manifest = copied / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"int8"', '"int9"'))
    with pytest.raises(ArtifactError, match="not a signature of this manifest"):
        Reranker(copied, public_key=keys[1])


@pytest.mark.parametrize("text", ["", "zz", "00" * 64])
def test_what_is_no_signature_is_refused(copied: Path, keys: tuple[Path, Path], text: str) -> None:
    (copied / "manifest.sig").write_text(text)
    with pytest.raises(ArtifactError, match="not a signature of this manifest"):
        Reranker(copied, public_key=keys[1])


def test_another_key_is_refused(copied: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    sign(copied, keys[0])
    _, other = write_keys(tmp_path / "other", ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(ArtifactError, match="not a signature of this manifest"):
        Reranker(copied, public_key=other)


def test_what_is_no_key_is_refused(copied: Path, tmp_path: Path) -> None:
    private, public = write_keys(tmp_path / "curve", ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(ConfigError, match="Ed25519 key is needed"):
        sign(copied, private)
    with pytest.raises(ConfigError, match="Ed25519 key is needed"):
        Reranker(copied, public_key=public)
    with pytest.raises(ConfigError, match="not a private key"):
        sign(copied, public)


def test_the_commands(
    copied: Path, keys: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unsigned = shutil.copytree(copied, tmp_path / "unsigned")
    assert main(["bundle", "sign", str(copied), "--key", str(keys[0])]) == 0
    assert main(["bundle", "verify", str(copied), "--public-key", str(keys[1])]) == 0
    assert main(["bundle", "verify", str(unsigned), "--public-key", str(keys[1])]) == 3
    assert "not signed" in capsys.readouterr().err
