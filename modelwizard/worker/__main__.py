"""The worker process: `python -m modelwizard.worker [PROJECT]`; imports Keras, then does one job after another."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path

import msgspec

from modelwizard.contract import wire
from modelwizard.contract.events import LOG, Done, Ready
from modelwizard.errors import WorkerError, first_line
from modelwizard.worker.events import Channel, Requests, claim_stdout

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
        channel.emit(Ready(versions=versions))
    except Exception as error:
        channel.fail(error)
        return 1
    for job in requests:
        try:
            if isinstance(job, WorkerError):
                raise job
            _open_log(Path(job.project), type(job).__name__)
            channel.emit(Done(result=msgspec.Raw(wire.encode(desk.run(job)))))
        except Exception as error:
            channel.fail(error)
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


def _open_log(project: Path, job: str) -> None:
    """Send the error output to the project's log from now on."""
    if not project.is_dir():
        return
    path = project / LOG
    path.parent.mkdir(exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    flags |= os.O_TRUNC if path.exists() and path.stat().st_size > LOG_BYTES else 0
    handle = os.open(path, flags, 0o666)
    sys.stderr.flush()
    os.dup2(handle, 2)
    os.dup2(handle, 1)
    os.close(handle)
    print(f"\n--- {datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z} process {os.getpid()}: {job}", file=sys.stderr)


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # at once: the thread that waits for input would abort an ordinary end
