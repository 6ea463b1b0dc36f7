"""What `pyrage` encrypted is opened as it was, or not at all."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pyrage  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backup.age import CHUNK, Opened, Wrong, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = pyrage.x25519.Identity.generate()
OURS = pyrage.x25519.Identity.generate()
KEY = key_of(OURS)
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 77)
RECIPIENTS = [OTHER.to_public(), OURS.to_public()]


def content(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


ARCHIVES = {size: pyrage.encrypt(content(size), RECIPIENTS) for size in SIZES}


def pieces(archive: bytes, size: int) -> Iterator[bytes]:
    return (archive[at : at + size] for at in range(0, len(archive), size))


def opened(archive: bytes, size: int = 1 << 20) -> bytes | None:
    assert KEY is not None
    found = Opened(pieces(archive, size), [KEY])
    return None if found.key is None else b"".join(found.plain())


@given(size=st.sampled_from(SIZES), piece=st.sampled_from((997, CHUNK, CHUNK + 16, 1 << 20)))
def test_the_same_comes_out_whatever_pieces_it_comes_in(size: int, piece: int) -> None:
    assert opened(ARCHIVES[size], piece) == content(size)


def test_a_header_may_come_byte_by_byte() -> None:
    assert opened(ARCHIVES[1], 1) == content(1)


@settings(max_examples=200)
@given(size=st.sampled_from(SIZES), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_with_one_bit_changed_it_is_not_opened(size: int, place: float, bit: int) -> None:
    spoilt = bytearray(ARCHIVES[size])
    spoilt[int(place * len(spoilt))] ^= 1 << bit
    with suppress(Wrong):
        assert opened(bytes(spoilt)) is None  # where the part of the header that was ours is changed


@given(size=st.sampled_from(SIZES), place=st.floats(0, 1, exclude_max=True))
def test_cut_off_anywhere_it_is_refused(size: int, place: float) -> None:
    with pytest.raises(Wrong):
        opened(ARCHIVES[size][: int(place * len(ARCHIVES[size]))])


@pytest.mark.parametrize("cut", (CHUNK + 16, 2 * (CHUNK + 16)))
def test_cut_off_between_two_pieces_it_is_refused(cut: int) -> None:
    archive = ARCHIVES[3 * CHUNK + 77]
    payload = len(archive) - (3 * CHUNK + 77) - 4 * 16
    with pytest.raises(Wrong):
        opened(archive[: payload + cut])


@pytest.mark.parametrize("size", SIZES)
def test_with_more_behind_it_it_is_refused(size: int) -> None:
    with pytest.raises(Wrong):
        opened(ARCHIVES[size] + b"x")


def test_what_is_for_others_is_left_to_others() -> None:
    assert opened(pyrage.encrypt(b"x", [OTHER.to_public()])) is None


@pytest.mark.parametrize("archive", (b"", b"age-encryption.org/v1\n", b"hello\n--- x\n", b"x" * 200_000))
def test_something_else_is_refused(archive: bytes) -> None:
    with pytest.raises(Wrong, match="no header"):
        opened(archive)
