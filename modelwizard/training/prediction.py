"""Predictions of the exported model: of the test rows, once, and of any file of raw rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import keras
import numpy as np
from numpy.typing import NDArray

from modelwizard import kinds
from modelwizard.contract.jobs import Predict, Test
from modelwizard.contract.results import Nothing, Predicted, Shifted
from modelwizard.errors import DataError, ModelWizardError, ProjectError, TestOpenedError, UsageError, first_line
from modelwizard.evidence.shift import shifted
from modelwizard.files import file_sha256, write_bytes
from modelwizard.project import Project
from modelwizard.training import division, sealed
from modelwizard.training.project_code import PredictCode
from modelwizard.training.records import packed
from modelwizard.training.user_code import UserCode, blame, import_module
from modelwizard.training.watcher import Watcher
from modelwizard.training.workshop import Workshop, relative

ROWS = 20_000  # predicted at a time


def predict_columns(model: Any, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.floating]:
    """Return the predictions (n, k) of a model of raw columns.

    Args:
        model: The exported model.
        columns: (n, 1) arrays by name: float32, or text.
    """
    tensors: dict[str, Any] = {
        name: keras.ops.convert_to_tensor(values if values.dtype == np.float32 else values.astype(str))
        for name, values in columns.items()
    }
    count = len(next(iter(columns.values())))
    parts: list[Any] = [
        keras.ops.convert_to_numpy(model({name: t[i : i + ROWS] for name, t in tensors.items()}, training=False))
        for i in range(0, count, ROWS)
    ]
    return np.concatenate(parts)


def test(workshop: Workshop, job: Test, _: Watcher) -> Nothing:
    """Open the test rows and keep the predictions for them.

    A second request for the same model finds them there: a kill after the opening loses nothing, and nothing is
    looked at again.

    Raises:
        TestOpenedError: They were opened for another model before, and `force` was not given.
        ProjectError: There is no finalized model.
    """
    project, task = workshop.project, workshop.project.settings.problem
    model, sha256 = load_model(project), file_sha256(project.model_path)
    if project.test_path.exists() and project.test().model == sha256:
        return Nothing()
    if project.test_path.exists() and not job.force:
        raise TestOpenedError(
            "The test rows were opened before; a second score would come from a reused test.",
            received=relative(project, project.test_path),
            fix='modelwizard finalize --force --reason "…" if you must; every report then says "reused test"',
        )
    rows = sealed.open_rows(project, workshop.code)
    numbers = np.asarray(rows.rows, dtype=np.int32)
    if len(numbers) == 0:
        raise DataError("There are no test rows.", fix="make a new split: modelwizard new")
    if not (workshop.parts[numbers] == "test").all():
        raise ProjectError("data.py returns other rows as test rows.", fix="restore the generated load()")
    with blame(project.folder, "predict the test rows"):
        p = predict_columns(model, rows.x)
    constant = workshop.problem.constant(task.loss, workshop.load("train", "validation").y)
    dumb = np.tile(np.pad(constant, (0, workshop.outputs - len(constant))), (len(numbers), 1))
    arrays = {"rows": numbers, "y": np.asarray(rows.y), "p": p, "dumb": dumb, "model": np.array(sha256)}
    group = division.groups(project, numbers, len(numbers))
    write_bytes(project.test_path, packed(arrays if group is None else {**arrays, "group": group}))
    return Nothing()


def predict(project: Project, job: Predict) -> Predicted:
    """Predict a file of raw rows with the project's own predict.py and write the predictions.

    Args:
        project: The project; its data file need not be there.
        job: From where to where.

    Raises:
        DataError: The input cannot be read, lacks a column, or is too unlike the data file.
        ProjectError: There is no finalized model.
    """
    source, output = Path(job.input), Path(job.output)
    if not source.is_file():
        raise UsageError(f"{source} is not a file.", expected="a file of raw rows", fix="check the path")
    model = load_model(project)
    code = UserCode.load(project.folder)
    data = None if project.changed() else project.data_path  # a changed file is nothing to compare with
    with TemporaryDirectory(prefix="modelwizard-") as scratch:
        copy = Path(scratch) / f"rows{project.data_path.suffix}"
        table, notes = _read(project, code, source, copy, data, force=job.force)
    with blame(project.folder, "predict the rows"):
        predicted = cast(PredictCode, import_module(project.folder, "predict")).predict(model, table)
    write_bytes(output, _written(predicted, output))
    shift = _shift(project, code, table) if job.shift and data else None
    return Predicted(len(predicted), str(output), [str(name) for name in predicted.columns], notes, shift)


def _read(
    project: Project, code: UserCode, source: Path, copy: Path, data: Path | None, *, force: bool
) -> tuple[Any, list[str]]:
    """Read new rows with the project's own code, and compare them with the data file, where it is what it was.

    Raises:
        DataError: They cannot be read, or are too unlike those of the data file.
    """
    kind, settings = kinds.of(project.settings.kind), project.settings
    try:
        path, notes = kind.rewritten(source, settings, copy)
        table = code.data.read_rows(path)
    except ModelWizardError:
        raise
    except Exception as error:
        raise DataError(
            f"{source.name} cannot be read as rows of this project.",
            expected=f"a file like {project.data_path.name}: same format, same input columns",
            received=first_line(error),
        ) from error
    if len(table) == 0:
        raise DataError(f"{source.name} holds no rows.", expected="at least one row below the header")
    told, refused = kind.unlike(path, table, settings, data)
    if refused and not force:
        raise DataError(
            f"{source.name} is too unlike the data file to be predicted.",
            expected="cells that can be read, and categories that the data file has, in most rows of each column",
            received=" ".join(told),
            fix="write the file as the data file was written; or --force, to predict it as it is",
        )
    return table, [*notes, *told]


def _shift(project: Project, code: UserCode, table: Any) -> list[Shifted]:
    """Compare new rows with those that the model was trained on."""
    with blame(project.folder, "read the training rows"):
        return shifted(code.data.load("train", "validation").x, code.data.to_columns(table))


def load_model(project: Project) -> Any:
    """Load the finalized model.

    Raises:
        ProjectError: There is none, or it cannot be read.
    """
    if not project.model_path.is_file():
        raise ProjectError("There is no finalized model yet.", expected="model.keras", fix="modelwizard finalize")
    try:
        return keras.models.load_model(project.model_path)
    except Exception as error:
        raise ProjectError(
            "model.keras cannot be loaded.",
            received=first_line(error),
            fix="your own layers need @keras.saving.register_keras_serializable(); then modelwizard finalize again",
        ) from error


def _written(table: Any, output: Path) -> bytes:
    """Return a table as the bytes of a file, by the name's ending."""
    import io

    buffer = io.BytesIO()
    if output.suffix == ".parquet":
        table.to_parquet(buffer, index=False)
    elif output.suffix in (".jsonl", ".ndjson"):
        table.to_json(buffer, orient="records", lines=True, force_ascii=False)
    else:
        table.to_csv(buffer, index=False)
    return buffer.getvalue()
