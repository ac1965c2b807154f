"""How values of the contract become JSON and come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec

from modelwizard.errors import WorkerError

T = TypeVar("T")


def encode(value: Any) -> bytes:
    """Return a value as one line of strict JSON without its end: NaN and infinities are null."""
    return msgspec.json.encode(value, enc_hook=_plain)


def plain(value: Any) -> Any:
    """Return a value as what strict JSON can hold: NumPy values as Python's own, NaN and infinities as None."""
    return msgspec.json.decode(encode(value))


def decode(line: bytes | msgspec.Raw, form: type[T] | Any, sender: str = "worker") -> T:
    """Read a value and check its fields; fields that are not known are passed over.

    Args:
        line: JSON.
        form: What it must be.
        sender: Who wrote it, for the error. Defaults to the worker.

    Raises:
        WorkerError: It is something else.
    """
    try:
        return msgspec.json.decode(line, type=form)
    except msgspec.DecodeError as error:
        name = getattr(form, "__name__", "a message")
        raise WorkerError(
            f"The {sender} sent something else than expected.",
            expected=name,
            received=str(error),
            fix="both processes must run the same version of modelwizard; read runs/worker.log",
        ) from error


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} cannot be written as JSON")
