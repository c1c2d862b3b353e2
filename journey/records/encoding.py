"""Text files before they are parsed: encoding, null bytes, first characters, compression."""

import codecs
import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from journey.core.errors import InputError

CHUNK = 4 * 1024 * 1024
WILDCARDS = "*?["

_FOREIGN_SIGNATURES = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
    (b"PAR1", "Parquet"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet"),
    (b"\x1f\x8b", "gzip"),
)


def open_bytes(path: Path) -> IO[bytes]:
    """A file's bytes, decompressed when its name ends in ``.gz``."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def check_text(path: Path) -> bool:
    """Check that a file is UTF-8 text without null bytes; False if it contains white space only.

    Raises:
        InputError: It is not; the message names line and column of the first invalid byte.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines = 0
    since_newline = b""
    has_content = False
    for number, chunk in enumerate(_chunks(path)):
        if number == 0:
            _refuse_foreign(path, chunk)
        bad = _first_bad_byte(decoder, chunk)
        if bad is not None:
            offset, what = bad
            before = since_newline + chunk[: max(offset, 0)]
            line = lines + before.count(b"\n") + 1
            column = len(before) - before.rfind(b"\n")
            raise InputError(f"{path}: line {line}, byte {column}: {what}")
        lines += chunk.count(b"\n")
        since_newline = (since_newline + chunk)[-1024:].rpartition(b"\n")[2]
        has_content = has_content or bool(chunk.strip(codecs.BOM_UTF8 + b" \t\r\n"))
    if decoder.getstate()[0]:
        raise InputError(f"{path}: line {lines + 1}: the file ends in the middle of a character; it was cut short")
    return has_content


def _first_bad_byte(decoder: codecs.IncrementalDecoder, chunk: bytes) -> tuple[int, str] | None:
    pending = len(decoder.getstate()[0])
    null = chunk.find(b"\x00")
    try:
        decoder.decode(chunk)
    except UnicodeDecodeError as error:
        offset = error.start - pending
        if null < 0 or offset < null:
            return offset, "is not UTF-8 text; save the file with the encoding UTF-8"
    if null >= 0:
        return null, "is a null byte, so the file is not text; write the file again"
    return None


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with open_bytes(path) as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def _refuse_foreign(path: Path, start: bytes) -> None:
    for mark, what in _FOREIGN_SIGNATURES:
        if start.startswith(mark):
            mend = (
                "save it with the encoding UTF-8" if what.startswith("UTF") else "give it the extension of that format"
            )
            raise InputError(f"{path}: is {what}, not UTF-8 text; {mend}")


def first_character(path: Path) -> str:
    """The first character that is not white space, or an empty text."""
    with open_bytes(path) as file:
        while chunk := file.read(CHUNK):
            text = chunk.lstrip(codecs.BOM_UTF8 + b" \t\r\n")
            if text:
                return text[:1].decode("ascii", "replace")
    return ""


def is_utf8(text: str) -> bool:
    """Whether a text from outside, such as a file name or an argument, is valid UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


@contextmanager
def without_wildcards(path: Path) -> Iterator[Path]:
    """The file under a name that the database can open: without wildcard characters, and in UTF-8."""
    full = path.resolve()
    if not any(character in str(full) for character in WILDCARDS) and is_utf8(str(full)):
        yield full
        return
    with tempfile.TemporaryDirectory(prefix="journeylab-") as folder:
        link = Path(folder) / ("file" + "".join(suffix for suffix in full.suffixes if is_utf8(suffix)))
        try:
            link.symlink_to(full)
        except OSError:
            shutil.copyfile(full, link)
        yield link
