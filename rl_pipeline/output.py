"""Standard output and error of a process whose reader may end: `| head`, a closed pager, a lost terminal."""

import atexit
import errno
import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class ReaderGoneError(Exception):
    """Raised when the reader of the standard output has ended; a command that only prints can stop."""


class OutputFile(io.RawIOBase):
    """Writes to a file descriptor; output that cannot be written may be dropped.

    Args:
        descriptor: The descriptor to write to; it is not closed.
        name: Python's name of the stream.
        must_be_read: Raise when a write fails: `ReaderGoneError` for a pipe without a reader, and otherwise OSError.
    """

    def __init__(self, descriptor: int, name: str, must_be_read: bool) -> None:
        self.name = name
        self.must_be_read = must_be_read
        self._descriptor = descriptor
        self._reader_is_gone = False

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        return os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Return True: the stream is writable."""
        return True

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write all bytes; drop the rest if the reader has ended."""
        left = memoryview(data).cast("B")
        count = len(left)
        try:
            while left and not self._reader_is_gone:
                left = left[os.write(self._descriptor, left) :]
        except OSError as error:
            self._reader_is_gone = error.errno == errno.EPIPE
            if self.must_be_read:
                raise (ReaderGoneError() if self._reader_is_gone else error) from None
        return count


def guard_output() -> None:
    """Put `OutputFile` behind `sys.stdout`, which must have a reader, and `sys.stderr`, which need not.

    Streams that are not those of the process, such as those of a test or a notebook, are left as they are.
    """
    if sys.stdout is sys.__stdout__ and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.flush()
        file = OutputFile(sys.stdout.fileno(), "<stdout>", must_be_read=True)
        sys.stdout = _text_stream(io.BufferedWriter(file), sys.stdout)
        atexit.register(
            go_on_unread
        )  # the interpreter flushes it at exit, where an error would not be handled
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
        # Without a buffer, so that a signal handler can write while the code that it interrupts does.
        file = OutputFile(sys.stderr.fileno(), "<stderr>", must_be_read=False)
        sys.stderr = _text_stream(file, sys.stderr)


def go_on_unread() -> None:
    """Drop output to `sys.stdout` that cannot be written from now on: the command does more than print."""
    file = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(file, OutputFile):
        file.must_be_read = False


def _text_stream(buffer: "io.BufferedWriter | OutputFile", replaced: io.TextIOWrapper) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        buffer,
        encoding=replaced.encoding,
        errors=replaced.errors,
        line_buffering=replaced.line_buffering,
        write_through=isinstance(buffer, OutputFile),
    )
