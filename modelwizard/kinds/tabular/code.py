"""The code of a project of one table: which templates are written, and which of their parts it needs."""

from __future__ import annotations

import textwrap
from importlib import resources

from modelwizard.composing import blocks, compose, template
from modelwizard.problems import PROBLEMS
from modelwizard.settings import Settings
from modelwizard.words import sentences

READING = "reading.py"
"""The wizard's own reading of a file, of which a project gets the parts that it needs."""

PLACE = {"header", "comment", "footer"}
"""What `[data.mended]` says about the place of the table in its file, not about its cells."""

TEMPLATES = {
    "data.py": "tabular/data.py",
    "reading.py": READING,
    "preprocessing.py": "tabular/preprocessing.py",
    "blocks.py": "tabular/blocks.py",
    "strings.py": "tabular/strings.py",
    "model.py": "tabular/model.py",
    "export.py": "tabular/export.py",
    "train.py": "tabular/train.py",
    "predict.py": "tabular/predict.py",
    "tests/test_project.py": "tabular/test_project.py",
}

KERAS = {
    "roc_auc": 'AUC(name="roc_auc")',
    "average_precision": 'AUC(curve="PR", name="average_precision")',
    "macro_roc_auc": 'AUC(multi_label=True, name="macro_roc_auc")',
    "log_loss, binary_crossentropy": 'BinaryCrossentropy(name="log_loss")',
    "log_loss, categorical_crossentropy": 'CategoricalCrossentropy(name="log_loss")',
    "log_loss, sparse_categorical_crossentropy": 'SparseCategoricalCrossentropy(name="log_loss")',
    "brier": 'MeanSquaredError(name="brier")',
    "accuracy, binary_crossentropy": 'BinaryAccuracy(name="accuracy")',
    "accuracy, categorical_crossentropy": 'CategoricalAccuracy(name="accuracy")',
    "accuracy, sparse_categorical_crossentropy": 'SparseCategoricalAccuracy(name="accuracy")',
    "f1": 'F1Score(average="macro", threshold=0.5, name="f1")',
    "macro_f1, binary_crossentropy": 'F1Score(average="macro", threshold=0.5, name="macro_f1")',
    "macro_f1, categorical_crossentropy": 'F1Score(average="macro", name="macro_f1")',
    "micro_f1": 'F1Score(average="micro", threshold=0.5, name="micro_f1")',
    "rmse": 'RootMeanSquaredError(name="rmse")',
    "mae": 'MeanAbsoluteError(name="mae")',
    "r2": 'R2Score(name="r2")',
}
"""The Keras metric of a score, for the loss that it is compiled with where that makes a difference."""

SKLEARN = {
    "balanced_accuracy": "balanced_accuracy_score",
    "hamming": "hamming_loss",
    "poisson_deviance": "mean_poisson_deviance",
    "rmsle": "root_mean_squared_log_error",
    "mape": "mean_absolute_percentage_error",
    "quadratic_kappa": "cohen_kappa_score",
    "rank_mae": "mean_absolute_error",
    "accuracy": "accuracy_score",
}
"""The function of scikit-learn for a score that Keras has no metric for."""


def files(settings: Settings) -> dict[str, str]:
    """Return the Python files of a project by their paths inside it."""
    task, needed, replaced = settings.problem, _facts(settings), dict[str, str]()
    for name in PROBLEMS[task.type].blocks:
        replaced |= blocks(template(f"problems/{name}.py"))
    kinds = tuple(dict.fromkeys(settings.columns[name] for name in settings.features))
    weights = ', weights="quadratic"' if task.metric == "quadratic_kappa" else ""
    words = {
        'HANDLED = ("numeric", "categorical", "boolean", "date", "text")': f"HANDLED = {_tuple(kinds)}",
        "    # {{WHY}}\n": "".join(f"    # {line}\n" for line in textwrap.wrap(why(settings), 113)),
        'READERS[form["format"]]': f"read_{settings.data.format}",
        "Dense(1, ": f"Dense({PROBLEMS[task.type].head(task)['units']}, ",
        'loss="binary_crossentropy"': f'loss="{task.loss}"',
        'keras.metrics.AUC(name="roc_auc")': f"keras.metrics.{_keras(settings)}",
        '"validation rmse:", float(keras.metrics.RootMeanSquaredError()': (
            f'"validation {task.metric}:", float(keras.metrics.{_keras(settings)}'
        ),
        "validation poisson_deviance": f"validation {task.metric}",
        "mean_poisson_deviance": SKLEARN.get(task.metric, ""),
        "validation.y, predicted)\n": f"{PROBLEMS[task.type].compared}{weights})\n",
    }
    made: dict[str, str] = {}
    for path, name in TEMPLATES.items():
        if path == "strings.py" and not needed & {"categories", "texts"}:
            continue
        made[path] = compose(_template(name), needed, replaced)
        for old, new in words.items():
            made[path] = made[path].replace(old, new)
    return made


def why(settings: Settings) -> str:
    """Return what the problem is and why its last layer and its loss belong together."""
    row, task = PROBLEMS[settings.problem.type], settings.problem
    classes = f"classes: {', '.join(task.classes[:6])}{', …' if len(task.classes) > 6 else ''}"
    about = classes if task.classes else task.reason
    return f"{sentences(f'project.{row.name}')}" + (f" ({about})" if about else "") + f". {row.why}"


def _facts(settings: Settings) -> set[str]:
    """Return the names of what holds for a project, by which parts of the templates are kept."""
    kinds, data, task = {settings.columns[name] for name in settings.features}, settings.data, settings.problem
    row, keras = PROBLEMS[task.type], bool(_keras(settings))
    found = {
        data.format: True,
        "mended": bool(data.mended.keys() - PLACE),
        "lines": data.format == "csv" and bool(data.mended.keys() & PLACE),
        "nested": data.format in ("parquet", "jsonl"),
        **{f"mended.{what}": True for what in data.mended},
        "dates": "date" in kinds,
        "numbers": bool(kinds & {"numeric", "date"}),
        "numeric": "numeric" in kinds or not row.classifies,
        "categories": bool(kinds & {"categorical", "boolean"}),
        "embeddings": "categorical" in kinds,
        "texts": "text" in kinds,
        "thousands": bool(data.thousands),
        "decimal": data.decimal != ".",
        "sparse": task.loss.startswith("sparse"),
        "classes": row.classifies,
        "scaled": bool(row.scaling),
        "metric": keras and not row.scaling,
        "keras_score": keras and bool(row.scaling),
        "sklearn_score": not keras and task.metric in SKLEARN,
    }
    return {name for name, holds in found.items() if holds}


def _keras(settings: Settings) -> str:
    """Return the Keras metric of the score; nothing where there is none."""
    task = settings.problem
    if PROBLEMS[task.type].ordered:  # Keras would score each threshold alone
        return ""
    return KERAS.get(task.metric) or KERAS.get(f"{task.metric}, {task.loss}", "")


def _tuple(names: tuple[str, ...]) -> str:
    listed = ", ".join(f'"{name}"' for name in names)
    return f"({listed},)" if len(names) == 1 else f"({listed})"


def _template(name: str) -> str:
    if name == READING:
        return resources.files("modelwizard.kinds.tabular").joinpath(name).read_text(encoding="utf-8")
    return template(name)
