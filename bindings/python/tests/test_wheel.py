"""The wheel: how big it is, and that it makes use of the machine."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import pytest
from conftest import WHEELS

from karen import _native

WHEEL_BYTES_MAX = 25_000_000
AVX2_MIN = 500
"""Far more than chance gives: a pattern of four bytes is met about twice in as much that is random."""

# `vpmaddubsw ymm`, which multiplies quantised weights, as its three-byte VEX prefix has it: Intel's manual,
# volume 2, 2.3.5. The last byte but one says 256 bits (L) and the operand-size prefix 66 (pp).
_MAPS = bytes([0x02, 0x22, 0x42, 0x62, 0x82, 0xA2, 0xC2, 0xE2])
_WIDTHS = bytes(byte for byte in range(0x80) if byte & 0b111 == 0b101)
AVX2 = re.compile(
    rb"\xc4[" + re.escape(_MAPS) + rb"][" + re.escape(_WIDTHS) + rb"]\x04", re.DOTALL
)


@pytest.mark.skipif(WHEELS is None, reason="scripts/test-python.sh says where the wheel is")
def test_the_wheel_is_small_enough_to_come_along() -> None:
    (wheel,) = Path(str(WHEELS)).glob("karen_ai-*.whl")
    assert wheel.stat().st_size <= WHEEL_BYTES_MAX


@pytest.mark.skipif(platform.machine() != "x86_64", reason="AVX2 is of x86")
def test_the_native_module_multiplies_by_avx2() -> None:
    assert _native.__file__ is not None
    assert len(AVX2.findall(Path(_native.__file__).read_bytes())) >= AVX2_MIN
