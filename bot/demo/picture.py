"""A screenshot to attach: a browser's window with an error in it, drawn without any library."""

from __future__ import annotations

import struct
import zlib

WIDTH, HEIGHT, SCALE = 320, 180, 10
DIGITS = {
    "5": ("111", "100", "111", "001", "111"),
    "0": ("111", "101", "101", "101", "111"),
    "3": ("111", "001", "111", "001", "111"),
}
Colour = tuple[int, int, int]
PAGE, BAR, ADDRESS, RED, GREY = (255, 255, 255), (222, 225, 230), (255, 255, 255), (200, 40, 60), (205, 210, 216)


def screenshot() -> bytes:
    """A PNG of a page that says 503."""
    rows = [[PAGE] * WIDTH for _ in range(HEIGHT)]
    _fill(rows, 0, 0, WIDTH, 26, BAR)
    _fill(rows, 64, 6, 240, 14, ADDRESS)
    for number, light in enumerate(((237, 106, 94), (245, 191, 79), (98, 197, 84))):
        _fill(rows, 10 + 16 * number, 9, 8, 8, light)
    for place, digit in enumerate("503"):
        for y, line in enumerate(DIGITS[digit]):
            for x, on in enumerate(line):
                if on == "1":
                    _fill(rows, 100 + place * 44 + x * SCALE, 56 + y * SCALE, SCALE, SCALE, RED)
    for y, width in ((126, 150), (140, 110)):
        _fill(rows, (WIDTH - width) // 2, y, width, 6, GREY)
    return _png(rows)


def _fill(rows: list[list[Colour]], left: int, top: int, width: int, height: int, colour: Colour) -> None:
    for row in rows[top : top + height]:
        row[left : left + width] = [colour] * width


def _png(rows: list[list[Colour]]) -> bytes:
    """ISO/IEC 15948: eight bits a channel, no filter."""
    raw = b"".join(b"\0" + bytes(channel for pixel in row for channel in pixel) for row in rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
