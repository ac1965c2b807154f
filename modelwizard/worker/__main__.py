"""The worker process: `python -m modelwizard.worker [PROJECT]`; imports Keras, then does one job after another."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

from modelwizard.errors import WorkerError
from modelwizard.worker.events import LOG, Channel, Requests, claim_stdout, first_line

LOG_BYTES = 2_000_000
"""A log larger than this starts anew."""


def main() -> int:
    """Serve requests until the input ends.

    Returns:
        The exit code: 1 when Keras cannot be imported. Otherwise the process ends with its input.
    """
    channel = Channel(claim_stdout())
    requests = Requests(sys.stdin.buffer)
    if hasattr(signal, "SIGINT"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C has one owner: the process that asks
    try:
        versions = _warm_up()
        from modelwizard.worker.jobs import Desk

        desk = Desk(channel, requests)
        channel.emit("ready", versions=versions)
    except Exception as error:
        channel.fail(error)
        return 1
    for request in requests:
        log = ""
        try:
            log = _open_log(Path(request["project"]), str(request.get("job")))
            channel.emit("done", result=desk.run(request))
        except Exception as error:
            channel.fail(error, log)
    return 0


def _warm_up() -> dict[str, str]:
    """Import what takes seconds, and say which versions there are.

    Raises:
        WorkerError: Something that the walk needs cannot be imported.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"  # the engine compiles whole epochs with TensorFlow
    sys.dont_write_bytecode = True  # a project's folder stays free of what a person did not make
    try:
        import keras
        import keras_tuner
        import tensorflow as tf
    except Exception as error:
        import traceback

        traceback.print_exc()
        raise WorkerError(
            "TensorFlow, Keras and keras-tuner cannot be imported, so nothing can be trained.",
            expected="a Python environment with all three",
            received=first_line(error),
            fix=f"{sys.executable} -m pip install tensorflow keras keras-tuner",
        ) from error
    keras.config.disable_interactive_logging()
    return {"keras": keras.__version__, "tensorflow": tf.__version__, "keras-tuner": keras_tuner.__version__}


def _open_log(project: Path, job: str) -> str:
    """Send the error output to the project's log from now on."""
    path = project / LOG
    if not project.is_dir():
        return ""
    path.parent.mkdir(exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    flags |= os.O_TRUNC if path.exists() and path.stat().st_size > LOG_BYTES else 0
    handle = os.open(path, flags, 0o666)
    sys.stderr.flush()
    os.dup2(handle, 2)
    os.dup2(handle, 1)
    os.close(handle)
    print(f"\n--- {datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z} process {os.getpid()}: {job}", file=sys.stderr)
    return LOG


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # at once: the thread that waits for input would abort an ordinary end
