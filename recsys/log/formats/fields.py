"""One CSV line into its fields: RFC 4180, and what Spark and sloppy writers make of it. Fields of any length."""


def split_fields(line: bytes, delimiter: bytes) -> list[bytes] | None:
    """A line's fields; None where a quote is not closed. Stray quotes stand for themselves.

    A line whose quotes only close when a backslash escapes them (Spark's ``"a \\"b\\" c"``) is read so.
    """
    if b'"' not in line:
        return line.split(delimiter)
    fields, clean = _scan(line, delimiter, escapes=False)
    if not clean and b'\\"' in line:
        escaped, well = _scan(line, delimiter, escapes=True)
        return escaped if well else fields
    return fields


def split_clean(line: bytes, delimiter: bytes) -> tuple[list[bytes] | None, bool]:
    """The fields by RFC 4180, None where a quote is not closed; and whether all quoted ones end at their quote."""
    return _scan(line, delimiter, escapes=False)


def _scan(line: bytes, delimiter: bytes, *, escapes: bool) -> tuple[list[bytes] | None, bool]:
    """The fields, and whether every quoted one ended at its closing quote."""
    fields: list[bytes] = []
    at, clean = 0, True
    while True:
        value = b""
        if line[at : at + 1] == b'"':
            quoted = _quoted(line, at + 1, escapes=escapes)
            if quoted is None:
                return None, False
            value, at = quoted
        end = line.find(delimiter, at)
        rest = line[at:] if end < 0 else line[at:end]
        clean = clean and not (value and rest)
        fields.append(value + rest)
        if end < 0:
            return fields, clean
        at = end + 1


def _quoted(line: bytes, at: int, *, escapes: bool) -> tuple[bytes, int] | None:
    """What stands between quotes, from behind the opening one, and where it ends."""
    pieces: list[bytes] = []
    while True:
        end = line.find(b'"', at)
        if end < 0:
            return None
        piece = line[at:end]
        backslashes = len(piece) - len(piece.rstrip(b"\\"))
        if escapes and backslashes % 2:
            pieces.append(piece[:-1] + b'"')
            at = end + 1
        elif not escapes and line[end + 1 : end + 2] == b'"':
            pieces.append(piece + b'"')
            at = end + 2
        else:
            pieces.append(piece)
            return b"".join(pieces), end + 1
