"""New rows that are not like the data file: read anew where they are written otherwise, counted, told, or refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from test_dirty import project_code

from modelwizard.cli import cli
from modelwizard.kinds.tabular.kind import TABULAR
from modelwizard.project import Project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project of shops: codes with leading zeros, prices, dates, towns."""
    folder, rng = tmp_path_factory.mktemp("shops"), np.random.default_rng(0)
    frame = shops(rng, 200)
    frame.to_csv(folder / "shops.csv", index=False)
    words = ["--data", str(folder / "shops.csv"), "--target", "sold", "--yes", "--no-run"]
    done = CliRunner().invoke(cli, ["new", str(folder / "p"), *words])
    assert done.exit_code == 0, done.output
    return folder


def shops(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "code": [f"{number:02d}" for number in rng.integers(1, 13, rows)],
            "price": rng.uniform(1, 900, rows).round(2),
            "opened": pd.date_range("2024-01-01", periods=rows, freq="31h").strftime("%Y-%m-%d"),
            "town": rng.choice(["Köln", "Oslo", "Århus"], rows),
            "sold": rng.choice(["yes", "no"], rows),
        }
    ).astype(str)


def csv(frame: pd.DataFrame, **options: str) -> bytes:
    encoding = options.pop("encoding", "utf-8")
    return frame.to_csv(index=False, **options).encode(encoding)  # type: ignore[call-overload]


def comma(frame: pd.DataFrame) -> bytes:
    return csv(frame.assign(price=frame["price"].str.replace(".", ",")), sep=";")


def at(frame: pd.DataFrame, name: str, change: Callable[[str], str], share: float = 1.0) -> bytes:
    many = round(share * len(frame))
    return csv(frame.assign(**{name: [change(c) if i < many else c for i, c in enumerate(frame[name])]}))


@pytest.mark.parametrize(
    ("write", "told", "refused"),
    [
        (csv, [], False),
        (lambda f: csv(f.drop(columns="sold")), [], False),
        (lambda f: csv(f, sep=";"), ["another way than the data file (CSV; semicolon between cells; utf-8)"], False),
        (
            lambda f: csv(f, encoding="cp1252"),
            ["another way than the data file (CSV; comma between cells; cp1252)"],
            False,
        ),
        (lambda f: csv(f, encoding="utf-16"), ["another way than the data file"], False),
        (comma, ["decimal comma"], False),
        (lambda f: b"Report of March\n\n" + csv(f), ["another way", "stand in line 3"], False),
        (lambda f: csv(pd.concat([f, f.columns.to_frame().T, f])), ["another way", "repeats the column names"], False),
        (lambda f: at(f, "code", lambda c: c.lstrip("0")), ["'code'", "that the data file does not have"], True),
        (lambda f: at(f, "price", lambda c: "twelve", 0.1), ["'price': 4 cells (10%) that cannot be read as"], False),
        (lambda f: at(f, "price", lambda c: "twelve"), ["'price': 40 cells (100%)"], True),
        (lambda f: at(f, "price", lambda c: f"{100 * float(c):.0f}"), ["lie outside", "the range of the data"], False),
        (lambda f: at(f, "opened", lambda c: "soon", 0.2), ["'opened': 8 cells (20%) that cannot be read as a"], False),
        (lambda f: at(f, "town", lambda c: "Rome", 0.2), ["'town': 8 cells (20%)"], False),
        (lambda f: at(f, "town", lambda c: "", 0.2), [], False),
    ],
)
def test_new_rows(
    write: Callable[[pd.DataFrame], bytes], told: list[str], refused: bool, folder: Path, tmp_path: Path
) -> None:
    rows = shops(np.random.default_rng(1), 40)
    path, project = tmp_path / "new.csv", Project.open(folder / "p")
    path.write_bytes(write(rows))
    with project_code(folder / "p") as data:
        copy, notes = TABULAR.rewritten(path, project.settings, tmp_path / "copy.csv")
        table = data.read_rows(copy)
        unlike, too_much = TABULAR.unlike(copy, table, project.settings, project.data_path)
    said = " ".join([*notes, *unlike])
    assert [part for part in told if part not in said] == []
    assert bool(said) == bool(told), said
    assert too_much == refused
    if not unlike:
        assert np.allclose(table["price"].to_numpy(float)[:40], rows["price"].astype(float))
        assert table["town"].isin([*rows["town"], ""]).all()
