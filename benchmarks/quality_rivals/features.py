"""What a careful person does to a table before a model sees it; shared by the rivals that need arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

LEVELS = 50
"""Levels of a category that get a column of their own; the rare ones share one."""


def expand_dates(frame: pd.DataFrame) -> pd.DataFrame:
    """Replace each moment by its year, month, day, weekday and hour."""
    parts: dict[str, pd.Series] = {}
    for name in frame:
        if pd.api.types.is_datetime64_any_dtype(frame[name]):
            moment = frame[name].dt
            for part in ("year", "month", "day", "dayofweek", "hour"):
                parts[f"{name} {part}"] = getattr(moment, part).astype(float)
        else:
            parts[str(name)] = frame[name]
    return pd.DataFrame(parts)


def kinds(frame: pd.DataFrame) -> tuple[list[str], list[str], list[str]]:
    """Return the names of the numeric columns, of the categories, and of those that hold free text."""
    numeric = [name for name in frame if pd.api.types.is_numeric_dtype(frame[name])]
    words = [name for name in frame if name not in numeric]
    text = [name for name in words if _is_text(frame[name].dropna())]
    return numeric, [name for name in words if name not in text], text


def _is_text(cells: pd.Series) -> bool:
    """Say whether cells are sentences: mostly different from each other, and of several words."""
    return len(cells) > 0 and cells.nunique() > 0.5 * len(cells) and cells.str.split().str.len().mean() >= 4


def filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Write unknown words as the empty word."""
    return frame.apply(lambda column: column if pd.api.types.is_numeric_dtype(column) else column.fillna(""))


def scaled(train: pd.DataFrame, test: pd.DataFrame, words: int = 20_000, sparse: bool = False):
    """Return standardised numbers, one-hot categories and TF-IDF texts of both frames, float32.

    Args:
        train: Typed features.
        test: The same columns.
        words: Most words and word pairs kept of a text. Defaults to 20000.
        sparse: Return sparse matrices where that is smaller. Defaults to False.
    """
    train, test = expand_dates(train), expand_dates(test)
    numeric, categories, text = kinds(train)
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    one_hot = OneHotEncoder(max_categories=LEVELS, handle_unknown="infrequent_if_exist", sparse_output=sparse)
    steps = [("numbers", numbers, numeric), ("categories", one_hot, categories)]
    steps += [(f"text {name}", TfidfVectorizer(max_features=words, ngram_range=(1, 2)), name) for name in text]
    encoder = ColumnTransformer(steps, sparse_threshold=0.5 if sparse else 0)
    arrays = encoder.fit_transform(filled(train)), encoder.transform(filled(test))
    return tuple(array.astype(np.float32) for array in arrays)


def ordinal(train: pd.DataFrame, test: pd.DataFrame, words: int = 500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return raw numbers, numbered categories and TF-IDF texts for trees, and which columns are categories."""
    train, test = expand_dates(train), expand_dates(test)
    numeric, categories, text = kinds(train)
    codes = OrdinalEncoder(max_categories=250, handle_unknown="use_encoded_value", unknown_value=np.nan)
    steps = [("numbers", "passthrough", numeric), ("categories", codes, categories)]
    steps += [(f"text {name}", TfidfVectorizer(max_features=words), name) for name in text]
    encoder = ColumnTransformer(steps, sparse_threshold=0)
    x, new = encoder.fit_transform(filled(train)), encoder.transform(filled(test))
    category = np.zeros(x.shape[1], bool)
    category[len(numeric) : len(numeric) + len(categories)] = True
    return x.astype(float), new.astype(float), category
