"""One rival on one table: a process of its own that prints one line of JSON; `quality.py` starts it."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from quality_rivals import RIVALS, Clock, RefusedError
from quality_rivals.scores import repeated, score
from quality_rivals.tables import read

MARK = "QUALITY "
NEARLY_ALL = 0.95
"""Share of test rows below which those that are no rows for fitting as well are scored on their own, too."""


def run(folder: Path, rival: str, seconds: float, seed: int) -> dict[str, Any]:
    """Fit, predict and score; a failure is a result, too."""
    train, test, task = read(folder)
    module, function = RIVALS[rival].where.split(":")
    result: dict[str, Any] = {"metric": task.metric, "problem": task.problem, "rows": len(train)}
    began, clock = time.monotonic(), Clock(seconds)
    try:
        code = importlib.import_module(f"quality_rivals.{module}")
        hidden = test.drop(columns=list(task.targets))
        p = getattr(code, function)(train, hidden, task, clock.left(), seed)
        result |= {"status": "done", "seconds": round(time.monotonic() - began, 1)}
        result["score"] = score(train, test, p, task)
        fresh = ~repeated(train, test, task)
        if fresh.mean() < NEARLY_ALL:
            result |= {"unseen": score(train, test[fresh], p[fresh], task), "unseen_rows": round(fresh.mean(), 3)}
    except RefusedError as error:
        result |= {"status": "refused", "seconds": round(time.monotonic() - began, 1), "message": str(error)}
    except Exception as error:
        traceback.print_exc()
        message = f"{type(error).__name__}: {error}"
        result |= {"status": "failed", "seconds": round(time.monotonic() - began, 1), "message": message[-1500:]}
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    result["megabytes"] = round(max(peaks) / 1024)
    notes = getattr(sys.modules.get(f"quality_rivals.{module}"), "notes", None)
    return result | ({"notes": notes} if notes else {})


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    wanted["folder"] = Path(wanted["folder"])
    print(MARK + json.dumps(run(**wanted)), flush=True)
