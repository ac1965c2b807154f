"""Seeds that are far apart: consecutive ones give overlapping streams in keras-tuner, and 0 means "random" there."""

from __future__ import annotations

import hashlib


def derive(*parts: object) -> int:
    """Return a seed from 1 to 2^31 - 2 that depends on all parts and on nothing else."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % (2**31 - 2) + 1
