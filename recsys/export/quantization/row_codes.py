"""Rows of numbers as integer codes, each row with a scale of its own on a logarithmic grid.

The grid makes a scale one byte, and keeps it the same from one night's training to the next while the row changes
little, so that a delta between two bundles is small.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STEPS_AN_OCTAVE = 8
STEP = float(np.log(2) / STEPS_AN_OCTAVE)
UNIT_STEP = 191.0  # whose scale is 1; there are scales from 2**-24 to 2**8
LIMIT = {8: 127, 4: 7}  # codes of either sign
ZERO = {8: 128, 4: 8}  # packed codes are unsigned: this one stands for 0


@dataclass(frozen=True)
class RowCodes:
    """Coded rows.

    >>> coded = RowCodes.encode(np.array([[1.0, -0.5, 0.0]], np.float32), bits=8)
    >>> (coded.codes * scale_of(coded.steps)[:, None]).round(2).tolist()
    [[1.0, -0.5, 0.0]]

    Attributes:
        codes: ``[rows, width] int16``, from ``-LIMIT`` to ``LIMIT``.
        steps: ``[rows] uint8``: a row's scale is ``scale_of(step)``.
        bits: 8 or 4.
    """

    codes: npt.NDArray[np.int16]
    steps: npt.NDArray[np.uint8]
    bits: int

    @classmethod
    def encode(cls, table: npt.NDArray[np.float32], bits: int) -> "RowCodes":
        """Code ``table [rows, width]``.

        Of the scales within an octave of the one that clips nothing, each row takes the one with the least squared
        error: in 4 bits it pays to clip a row's largest value for the sake of the others, and a table that has been
        coded before is coded as it was.
        """
        limit = LIMIT[bits]
        largest = np.maximum(np.abs(table).max(1), 1e-12) / limit
        ceiling = np.clip(np.ceil(np.log(largest) / STEP + UNIT_STEP), 0, 255)
        best_error = np.full(len(table), np.inf)
        best_codes = np.zeros(table.shape, np.int16)
        best_steps = np.zeros(len(table), np.uint8)
        for lower in range(-STEPS_AN_OCTAVE, STEPS_AN_OCTAVE + 1) if bits == 4 else (0,):
            steps = np.clip(ceiling - lower, 0, 255)
            scales = scale_of(steps)[:, None]
            codes = np.clip(np.round(table / scales), -limit, limit)
            error = np.square(codes * scales - table).sum(1)
            better = error < best_error
            best_error = np.where(better, error, best_error)
            best_steps = np.where(better, steps, best_steps).astype(np.uint8)
            best_codes = np.where(better[:, None], codes, best_codes).astype(np.int16)
        return cls(best_codes, best_steps, bits)

    @property
    def packed(self) -> npt.NDArray[np.uint8]:
        """Row bytes: the codes, two a byte where they have 4 bits (the high nibble holds the row's first half), the
        scale's step."""
        codes = self.codes + ZERO[self.bits]
        if self.bits == 4:
            half = codes.shape[1] // 2
            codes = codes[:, :half] * 16 + codes[:, half:]
        return np.concatenate([codes, self.steps[:, None]], 1).astype(np.uint8)

    @classmethod
    def unpack(cls, packed: npt.NDArray[np.uint8], bits: int) -> "RowCodes":
        """The inverse of ``packed``."""
        codes = packed[:, :-1].astype(np.int16)
        if bits == 4:
            codes = np.concatenate([codes // 16, codes % 16], 1)
        return cls(codes - ZERO[bits], packed[:, -1], bits)


def scale_of(step: npt.NDArray[np.floating] | npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """What one code of a row is worth."""
    scale: npt.NDArray[np.float64] = np.exp((np.asarray(step, np.float64) - UNIT_STEP) * STEP)
    return scale
