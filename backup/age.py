"""Archives of age opened by OpenSSL, where one of our X25519 keys is among their recipients.

`pyrage` writes them, and opens those of every other kind; its cipher takes five times the processor time of OpenSSL's,
holds Python's lock all the while and hands over 8 KB at a time, which was a fifth of a restore. What is read here is
all of the format that such archives use: github.com/C2SP/C2SP/blob/main/age.md.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INTRO = b"age-encryption.org/v1\n"
END = b"\n--- "
SECRET = "AGE-SECRET-KEY-1"  # noqa: S105 - how such a key begins
SIGNS = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"  # of bech32
HEADER_LIMIT = 1 << 16  # bytes: hundreds of recipients
CHUNK, TAG = 1 << 16, 16  # bytes of plain text in one piece, and of what vouches for it
NONCE = 16  # bytes before the first


class Wrong(ValueError):  # noqa: N818 - named for the state
    """It is not what was encrypted."""


def key_of(identity: Any) -> X25519PrivateKey | None:
    """The key of an identity that is an X25519 one."""
    text = str(identity)
    if not text.startswith(SECRET):
        return None
    bits = "".join(f"{SIGNS.index(sign):05b}" for sign in text[len(SECRET) : -6])  # without its checksum
    return X25519PrivateKey.from_private_bytes(bytes(int(bits[at : at + 8], 2) for at in range(0, 256, 8)))


class Opened:
    """An archive whose header was read. `key` is None where none of the keys opens it; then `read` is what was taken of
    its pieces.
    """

    def __init__(self, pieces: Iterator[bytes], keys: Sequence[X25519PrivateKey]) -> None:
        """Wrong where there is no header, or it was changed."""
        self._pieces = pieces
        self.read = bytearray()
        at = newline = -1
        while newline < 0:
            piece = next(pieces, b"")
            if not piece or (at < 0 and len(self.read) > HEADER_LIMIT):
                raise Wrong("it has no header of age")
            self.read += piece
            at = self.read.find(END)
            newline = self.read.find(b"\n", at + len(END)) if at >= 0 else -1
        if not self.read.startswith(INTRO):
            raise Wrong("it has no header of age")
        self._header = bytes(self.read[: at + len(END) - 1])
        self._mac = bytes(self.read[at + len(END) : newline])
        self._payload = newline + 1
        self.key = self._file_key(keys)

    def _file_key(self, keys: Sequence[X25519PrivateKey]) -> bytes | None:
        for share, body in _stanzas(self._header):
            for key in keys:
                public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
                wrapping = _derived(
                    key.exchange(X25519PublicKey.from_public_bytes(share)), share + public, INTRO[:-1] + b"/X25519"
                )
                try:
                    found = ChaCha20Poly1305(wrapping).decrypt(bytes(12), body, None)
                except InvalidTag:
                    continue
                vouched = hmac.digest(_derived(found, b"", b"header"), self._header, "sha256")
                if not hmac.compare_digest(vouched, _unpadded(self._mac)):
                    raise Wrong("its header was changed")
                return found
        return None

    def plain(self) -> Iterator[bytes]:
        """What was encrypted, in order. Wrong, at the latest at its end, where a piece was changed, or lacks."""
        assert self.key is not None  # whoever asks has looked
        held = self.read[self._payload :]
        while len(held) < NONCE:
            held += self._next()
        cipher = ChaCha20Poly1305(_derived(self.key, bytes(held[:NONCE]), b"payload"))
        del held[:NONCE]
        number, ended = 0, False
        while True:
            while len(held) <= CHUNK + TAG and not ended:  # one byte more shows that it is not the last
                piece = next(self._pieces, b"")
                ended = not piece
                held += piece
            with memoryview(held) as view:
                at = 0
                while len(view) - at > CHUNK + TAG:
                    yield _opened(cipher, number, view[at : at + CHUNK + TAG], last=False)
                    at += CHUNK + TAG
                    number += 1
                if ended:
                    yield _opened(cipher, number, view[at:], last=True)
                    if len(view) - at == TAG and number:
                        raise Wrong("its last piece is empty")
                    return
            del held[:at]

    def _next(self) -> bytes:
        piece = next(self._pieces, b"")
        if not piece:
            raise Wrong("it ends too early")
        return piece


def _opened(cipher: ChaCha20Poly1305, number: int, piece: Any, *, last: bool) -> bytes:
    try:
        return cipher.decrypt(number.to_bytes(11, "big") + bytes([last]), piece, None)
    except (InvalidTag, ValueError) as error:
        raise Wrong("a piece of it was changed, or it ends too early") from error


def _stanzas(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The share and the wrapped key of each X25519 recipient."""
    lines = header.split(b"\n")
    for at, line in enumerate(lines):
        kind = line.split(b" ")
        if kind[:2] == [b"->", b"X25519"] and len(kind) == 3:  # noqa: PLR2004 - the sign, the name, the share
            share, body = _unpadded(kind[2]), _unpadded(lines[at + 1])
            if len(share) == 32 and len(body) == 32:  # noqa: PLR2004 - bytes, as the format says
                yield share, body


def _unpadded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError as error:
        raise Wrong("its header was changed") from error


def _derived(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, purpose).derive(secret)
