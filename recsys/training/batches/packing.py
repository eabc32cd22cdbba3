"""Several users' events in one row, so that padding costs nothing and batches stay random."""

import numpy as np
import numpy.typing as npt


def pack(lengths: npt.NDArray[np.int64], row_length: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Place runs of ``lengths`` (each at most ``row_length``) in as few rows as best-fit decreasing finds.

    Returns:
        ``(row [n], first column [n], rows)``.
    """
    rows = np.zeros(len(lengths), np.int64)
    columns = np.zeros(len(lengths), np.int64)
    open_rows: list[list[int]] = [[] for _ in range(row_length + 1)]  # by the room that is left
    count = 0
    for run in np.argsort(-lengths, kind="stable"):
        length = int(lengths[run])
        room = next((room for room in range(length, row_length + 1) if open_rows[room]), None)
        if room is None:
            row, room, count = count, row_length, count + 1
        else:
            row = open_rows[room].pop()
        rows[run], columns[run] = row, row_length - room
        open_rows[room - length].append(row)
    return rows, columns, count
