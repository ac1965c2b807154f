"""Files as people have them: each is read to the same table, or refused with the sentence that says why."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from modelwizard.errors import DataError
from modelwizard.kinds.tabular.columns import describe
from modelwizard.kinds.tabular.read import read, sniff
from modelwizard.kinds.tabular.sniff import find_encoding

ROWS = [("name", "price", "city"), ("Ann", "1.5", "Oslo"), ("Bob", "2.25", "Köln"), ("Cy", "3", "Rome")]


def write(folder: Path, text: str | bytes, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def lines(delimiter: str, rows: list[tuple[str, ...]] = ROWS, end: str = "\n") -> str:
    return "".join(delimiter.join(row) + end for row in rows)


@pytest.mark.parametrize(
    ("text", "encoding", "delimiter", "found"),
    [
        (lines(","), "utf-8", ",", "utf-8"),
        (lines(","), "utf-8-sig", ",", "utf-8-sig"),
        (lines(";"), "cp1252", ";", "cp1252"),
        (lines("\t"), "utf-16", "\t", "utf-16"),
        (lines(","), "utf-16-le", ",", "utf-16-le"),
        (lines(","), "utf-16-be", ",", "utf-16-be"),
        (lines("|"), "latin-1", "|", "cp1252"),
        (lines(" "), "utf-8", " ", "utf-8"),
        (lines(",", end="\r\n"), "utf-8", ",", "utf-8"),
        (lines(",", end="\r"), "utf-8", ",", "utf-8"),
        (lines(", "), "utf-8", ",", "utf-8"),
    ],
)
def test_delimiters_and_encodings(tmp_path: Path, text: str, encoding: str, delimiter: str, found: str) -> None:
    path = write(tmp_path, text, encoding=encoding)
    form = sniff(path)
    assert (form.delimiter, form.encoding) == (delimiter, found)
    table = read(path, form)
    assert list(table.columns) == list(ROWS[0])
    assert [tuple(row) for row in table.to_numpy()] == ROWS[1:]


def test_a_person_may_know_better(tmp_path: Path) -> None:
    path = write(tmp_path, "имя;a,b\nОля;1,2\nИра;3,4\n", encoding="cp1251")
    form = sniff(path, delimiter=",", encoding="cp1251")
    assert list(read(path, form).columns) == ["имя;a", "b"]
    with pytest.raises(DataError, match="cannot be read as utf-8"):
        sniff(path, encoding="utf-8")


def test_chinese_text_in_gb18030(tmp_path: Path) -> None:
    text = "姓名,城市,年龄\n张三,北京市,31\n李四,上海,28\n王小明,广州,45\n"
    path = write(tmp_path, text, encoding="gb18030")
    assert sniff(path).encoding == "gb18030"
    assert read(path)["城市"].tolist() == ["北京市", "上海", "广州"]


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [
        ("имя,город\nОля,Москва\nИра,Санкт-Петербург\n", "cp1251", "cp1251"),
        ("имя,город\nОля,Москва\nИра,Санкт-Петербург\n", "koi8_r", "koi8_r"),
        ("名前,都市\n田中さん,東京タワーの近く\n鈴木さん,おおさか\n", "shift_jis", "cp932"),
        ("이름,도시\n김철수,서울특별시\n이영희,부산광역시\n", "euc_kr", "cp949"),
        ("姓名,城市\n王小明,臺北市中正區\n陳美玲,高雄市\n", "big5", "big5"),
        ("name,price\n" + "a,1\n" * 5000 + "cafés,2\n", "cp1252", "cp1252"),
        ("temp °C,feel\n5°,5±2\n7°,6±2\n", "cp1252", "cp1252"),
    ],
)
def test_other_encodings_are_guessed(text: str, encoding: str, found: str) -> None:
    assert find_encoding(text.encode(encoding)) == found


@pytest.mark.parametrize("text", ["Ærøskøbing, Århus, naïve café, Müller", "Größe;Straße;übermäßig", "señor, niño"])
def test_western_text_is_not_taken_for_chinese(text: str) -> None:
    assert find_encoding(text.encode("cp1252")) == "cp1252"


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"),
    [
        ("a;b\n1,5;2\n0,25;3\n", ",", ""),
        ("a;b\n1.234,5;2\n12.000,25;3\n", ",", "."),
        ('a,b\n"1,234.5",2\n"12,000",3\n', ".", ","),
        ('a,b\n"1,234",2\n"12,000",3\n', ".", ","),
        ("a;b\n1,234;2\n2,125;3\n", ",", ""),
        ("a;b\n1 234,5;2\n12 000,25;3\n", ",", " "),
        ("a;b\n1'234.5;2\n12'000.25;3\n", ".", "'"),
        ("a,b\n0.455,2\n1.234,3\n", ".", ""),
        ("a,b\nx-1,5\ny-2,7\n", ".", ""),
        ("a\tb\n1,234\t2\n12,000\t3\n", ".", ","),
    ],
)
def test_number_signs(tmp_path: Path, text: str, decimal: str, thousands: str) -> None:
    form = sniff(write(tmp_path, text))
    assert (form.decimal, form.thousands) == (decimal, thousands)


def test_quoted_line_breaks_quotes_and_delimiters(tmp_path: Path) -> None:
    path = write(tmp_path, 'id,note\n1,"two\nlines"\n2,"a 5"" pipe, long"\n3,plain\n')
    assert read(path)["note"].tolist() == ["two\nlines", 'a 5" pipe, long', "plain"]


def test_words_for_missing_are_those_that_occur(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n1,?\n,NA\n3, \n")
    assert sniff(path).missing == ("", "?", "NA")
    assert read(path)["b"].tolist() == ["?", "NA", ""]


def test_spaces_around_cells_go_away(tmp_path: Path) -> None:
    path = write(tmp_path, "a , b\n x ,1 \n y , 2\n")
    assert read(path).to_dict("list") == {"a": ["x", "y"], "b": ["1", "2"]}


def test_an_unnamed_index_column_keeps_the_name_pandas_gives(tmp_path: Path) -> None:
    path = write(tmp_path, ",x,y\n0,5,a\n1,6,b\n2,7,c\n")
    assert list(read(path).columns) == ["Unnamed: 0", "x", "y"]


def test_empty_cells_at_the_end_are_a_column(tmp_path: Path) -> None:
    path = write(tmp_path, "x,y,\n5,a,\n6,b,\n")
    table = read(path)
    assert [column.kind for column in describe(table, sniff(path))][-1] == "constant"


def test_the_other_kinds_of_file_give_the_same_text(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"n": [1, 2, 3], "x": [0.5, None, 2.0], "w": ["a", None, " c "], "d": pd.to_datetime(["2024-05-31"] * 3)}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    frame.assign(d=frame["d"].dt.strftime("%Y-%m-%d")).to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    frame.assign(d=frame["d"].dt.strftime("%Y-%m-%d")).to_csv(tmp_path / "t.csv", index=False)
    pytest.importorskip("openpyxl")
    frame.assign(d=frame["d"].dt.strftime("%Y-%m-%d")).to_excel(tmp_path / "t.xlsx", index=False, sheet_name="Data")
    tables = {suffix: read(tmp_path / f"t.{suffix}") for suffix in ("csv", "parquet", "jsonl", "xlsx")}
    for suffix, table in tables.items():
        numbers = pd.to_numeric(table["x"], errors="coerce").tolist()
        assert numbers[0] == 0.5, suffix
        assert numbers[2] == 2.0, suffix
        assert table["x"][1] == "", suffix
        assert table["n"].tolist() == ["1", "2", "3"], suffix
        assert table["w"].tolist() == ["a", "", "c"], suffix
        assert table["d"].tolist() == ["2024-05-31"] * 3, suffix
    assert sniff(tmp_path / "t.xlsx").sheet == "Data"


@pytest.mark.parametrize(
    ("name", "content", "what", "fix"),
    [
        ("t.csv", "", "is empty", None),
        ("t.csv", "\n\n  \n", "is empty", None),
        ("t.csv", "a,b,c\n", "names but no rows", "export"),
        ("t.csv", "a,b\n1,2\n", "single row", None),
        ("t.csv", "age\n31\n28\n", "one column only", "all its columns"),
        ("t.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n", "different lengths", "quotes around it"),
        ("t.csv", "a,b\n1,2,3\n4,5,6\n", "2 names, and every row has 3 cells", "missing name"),
        ("t.csv", "a,b,a\n1,2,3\n4,5,6\n", "two columns with the same name: 'a'", "rename"),
        ("t.csv", "5.1,3.5,x\n4.9,3.0,x\n4.7,3.2,y\n", "looks like data", "a first line with the names"),
        ("t.csv", "a,b\n1,2\n" + "\x00\x01\x02" * 20, "is not text", None),
        ("t.csv", b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "is an image", "--data"),
        ("t.csv.gz", b"\x1f\x8b\x08\x00" + b"\x00" * 50, "is a gzip archive", "gunzip"),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 50, "old Excel workbook", ".xlsx"),
        ("t.json", json.dumps([{"a": 1}]), "one JSON array", "lines=True"),
        ("t.jsonl", '{"a": 1}\n{"a": \n', "cannot be read as jsonl", "export it as CSV"),
        ("t.parquet", b"PAR1" + b"\x00" * 50, "cannot be read as parquet", "export it as CSV"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, content: str | bytes, what: str, fix: str) -> None:
    path = write(tmp_path, content, name)
    with pytest.raises(DataError) as error:
        read(path)
    assert what in error.value.what
    assert (fix or "") in (error.value.fix or "")
    assert error.value.exit_code == 5


def test_ragged_rows_are_named_by_line(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        sniff(write(tmp_path, 'a,b\n1,"two\nlines"\n3\n4,5,6\n7,8\n'))
    assert error.value.received == "line 4 has 1 cell; line 5 has 3 cells"


def test_a_missing_file_names_the_one_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "a,b\n1,2\n", "churn.csv")
    with pytest.raises(DataError, match=r"There is no file .*chrun\.csv") as error:
        sniff(tmp_path / "chrun.csv")
    assert str(error.value.fix).endswith("churn.csv")


def test_a_folder_names_its_table(tmp_path: Path) -> None:
    write(tmp_path, "a,b\n1,2\n", "churn.csv")
    with pytest.raises(DataError, match="is a folder") as error:
        sniff(tmp_path)
    assert str(error.value.fix).endswith("churn.csv")


def test_names_that_differ_by_spaces_are_two_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "Price,Price , age \n1,2,3\n4,5,6\n")
    assert list(read(path, sniff(path)).columns) == ["Price", "Price ", "age"]


@pytest.mark.parametrize(
    "text",
    [
        "0,1,2,label\n5,6,7,a\n1,0,3,b\n",
        "1990,2000,country\n3.5,3.6,Oslo\n2.5,2.7,Rome\n",
        "yes,no\n1,2\n3,4\n",
        "0,1,2\n5,6,7\n1,0,3\n",
    ],
)
def test_names_that_are_numbers_can_be_names(tmp_path: Path, text: str) -> None:
    assert list(read(write(tmp_path, text)).columns) == text.splitlines()[0].split(",")


def test_excel_without_openpyxl_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwizard.kinds.tabular.read.importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError) as error:
        sniff(write(tmp_path, b"PK\x03\x04" + b"\x00" * 20, "t.xlsx"))
    assert "pip install openpyxl" in str(error.value.fix)
