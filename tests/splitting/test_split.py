"""Splits: shares, labels, groups, time, repeats; and the choice between hold-out and K-fold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from modelwizard.errors import DataError, UsageError
from modelwizard.evidence.scheme import choose, resolution, rounds
from modelwizard.kinds.tabular.columns import describe
from modelwizard.kinds.tabular.copies import told
from modelwizard.kinds.tabular.rows import row_hashes, rows_of, times_of, units_of
from modelwizard.kinds.tabular.target import check_target
from modelwizard.problems.target import Target
from modelwizard.settings import Format
from modelwizard.splitting.split import PARTS, Split, folds, split
from modelwizard.splitting.stratify import deal, strata

FORM = Format("csv")
RNG = np.random.default_rng(0)
N = 400
DATA = {
    "x": RNG.normal(size=N).round(4),
    "who": RNG.integers(0, 60, N),
    "day": pd.date_range("2024-01-01", periods=100).repeat(4)[RNG.permutation(N)].strftime("%Y-%m-%d"),
    "two": np.where(RNG.random(N) < 0.2, "yes", "no"),
    "many": RNG.choice(list("abcd"), N, p=[0.6, 0.25, 0.1, 0.05]),
    "l1": RNG.integers(0, 2, N),
    "l2": (RNG.random(N) < 0.1).astype(int),
    "l3": (RNG.random(N) < 0.5).astype(int),
    "amount": RNG.gamma(2, 3, N).round(3),
}
FRAME = pd.DataFrame({name: pd.Series(map(str, cells), dtype=str) for name, cells in DATA.items()})
COLUMNS = describe(FRAME, FORM)
TARGETS = {
    "binary": ["two"],
    "multiclass": ["many"],
    "multilabel": ["l1", "l2", "l3"],
    "regression": ["amount"],
    "vector": ["amount", "x"],
}


def target_of(problem: str, frame: pd.DataFrame = FRAME) -> Target:
    return check_target(frame, TARGETS[problem], problem, FORM)


def made(
    problem: str = "binary", frame: pd.DataFrame = FRAME, group: str = "", time: str = "", **settings: object
) -> Split:
    target = target_of(problem, frame)
    columns = describe(frame, FORM)
    rows = rows_of(frame, columns, target.names, FORM, group, time)
    rows = replace(rows, copies=told(frame, columns, target, FORM, group, time))
    return split(target, rows, group=group, time=time, **settings)  # type: ignore[arg-type]


def counts(found: Split) -> dict[str, int]:
    return {part: int((found.parts == part).sum()) for part in PARTS}


@pytest.mark.parametrize("problem", TARGETS)
def test_parts_have_their_shares_and_alike_labels(problem: str) -> None:
    parts = made(problem).parts
    labels = strata(target_of(problem))
    for part, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
        inside = parts == part
        assert abs(inside.mean() - share) < 0.02, part
        # Each label within two rows of its share.
        assert np.abs(labels[inside].sum(axis=0) - share * labels.sum(axis=0)).max() <= 2, part


def test_the_same_seed_gives_the_same_parts_and_another_does_not() -> None:
    assert (made(seed=3).parts == made(seed=3).parts).all()
    assert (made(seed=3).parts != made(seed=4).parts).any()


@pytest.mark.parametrize(("test", "held"), [(0.1, 0.3), (0.3, 0.1), (0.25, 0.25)])
def test_shares_can_be_chosen(test: float, held: float) -> None:
    found = counts(made(test_size=test, validation_size=held))
    assert (found["test"], found["validation"]) == (round(test * N), round(held * N))


def test_rows_without_a_target_are_unused() -> None:
    frame = FRAME.assign(two=FRAME["two"].where(np.arange(N) % 10 > 0, ""))
    found = made(frame=frame)
    assert (found.parts == "unused").sum() == 40
    assert (found.parts[::10] == "unused").all()
    assert not found.notes  # told with the target


def straddling(parts: np.ndarray, label: np.ndarray | pd.Series) -> int:
    return int((pd.Series(parts).groupby(np.asarray(label)).nunique() > 1).sum())


def test_groups_stay_together() -> None:
    found = made(group="who")
    assert straddling(found.parts, FRAME["who"]) == 0
    assert abs((found.parts == "test").mean() - 0.2) < 0.03
    assert "60 groups" in " ".join(found.notes)


def test_repeated_rows_stay_together_whatever_their_identifier() -> None:
    frame = pd.concat([FRAME, FRAME.iloc[:80], FRAME.iloc[:30]], ignore_index=True)
    frame.insert(0, "row_id", [str(i) for i in range(len(frame))])
    found = made(frame=frame)
    assert straddling(found.parts, row_hashes(frame, list(FRAME.columns))) == 0
    assert found.notes == (
        "190 of 510 rows have the same inputs as another row, and the same label. "
        "Rows with the same inputs stay in one part.",
    )


def test_groups_linked_by_a_repeated_row_are_one() -> None:
    frame = pd.DataFrame({"g": ["1", "1", "2", "2", "3", "", ""], "x": list("abacdef"), "y": ["0"] * 7}, dtype=str)
    units = units_of(frame, [], ["y"], "g", FORM)
    alone = units_of(frame.assign(x=list("abcdefg")), [], ["y"], "g", FORM)
    assert [len(set(units)), len(set(alone))] == [5, 5]  # 1 | 2 | 3 and two rows without a group
    linked = pd.DataFrame({"g": ["1", "1", "2", "2"], "x": list("abac"), "y": ["0"] * 4}, dtype=str)
    skipped = [column for column in describe(FRAME.rename(columns={"who": "g"}), FORM) if column.name == "g"]
    assert len(set(units_of(linked, [replace(skipped[0], kind="ignore")], ["y"], "g", FORM))) == 1


def with_copies(rows: int, labels: list[str], times: int = 2) -> pd.DataFrame:
    """The table with its first rows again, each a number of times more, the labels in turn."""
    again = pd.concat([FRAME.iloc[:rows]] * (times - 1), ignore_index=True)
    frame = pd.concat([FRAME, again], ignore_index=True)
    frame.loc[N:, "two"] = np.resize(np.array(labels, dtype=object), len(again))
    return frame


def test_copies_with_other_labels_stay_in_one_part_and_one_fold() -> None:
    frame = with_copies(60, ["yes", "no"], times=4)
    found, target = made(frame=frame), target_of("binary", frame)
    inputs = row_hashes(frame, [name for name in frame.columns if name != "two"])
    assert straddling(found.parts, inputs) == 0
    assert "240 of 580 rows have the same inputs as another row, and" in found.notes[0]
    units = units_of(frame, describe(frame, FORM), ["two"], "", FORM)
    for fit, held in folds(found.parts, target, folds=5, repeats=2, units=units):
        assert not np.intersect1d(inputs[fit], inputs[held]).size


DEFAULT = {**{name: "" for name in ("x", "who", "day")}, "many": "a", "l1": "0", "l2": "0", "l3": "0", "amount": "0"}


def with_default(rows: int, every: int = 3) -> pd.DataFrame:
    """The table and a record without data, as often as asked, some times with the rarer label."""
    default = pd.DataFrame([DEFAULT | {"two": "no" if i % every else "yes"} for i in range(rows)], dtype=str)
    return pd.concat([FRAME, default], ignore_index=True)


@pytest.mark.parametrize("problem", ["binary", "multilabel", "regression"])
@pytest.mark.parametrize("rows", [60, 170])
def test_a_common_record_is_spread_over_parts_and_folds_with_its_labels(problem: str, rows: int) -> None:
    frame = with_default(rows, 3 if problem == "binary" else 1)
    columns, target = describe(frame, FORM), target_of(problem, frame)
    common, labels = np.arange(len(frame)) >= N, strata(target)
    cut = made(problem, frame)
    for part, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
        for chosen in (common, ~common):
            dealt = labels[(cut.parts == part) & chosen].sum(axis=0)
            assert np.abs(dealt - share * labels[chosen].sum(axis=0)).max() < 3, part
    units = units_of(frame, columns, target.names, "", FORM)
    for _, held in folds(cut.parts, target, folds=5, repeats=2, units=units):
        assert abs(common[held].sum() - 0.8 * rows / 5) < 3
    assert f"the largest set of them is {rows} rows with " in cut.notes[0]
    assert "spread over all parts in proportion" in cut.notes[0]


def test_few_categories_are_a_population_and_no_copies() -> None:
    kinds = pd.DataFrame({"class": list("1234"), "key": 0}).merge(pd.DataFrame({"sex": ["f", "m"], "key": 0}))
    frame = kinds.sample(600, replace=True, random_state=0).drop(columns="key").reset_index(drop=True)
    frame = frame.assign(many=RNG.choice(list("abc"), 600)).astype(str)
    found = made("multiclass", frame)
    assert abs(counts(found)["test"] - 120) <= 2
    assert "the largest of 8 large sets is" in found.notes[0]


def test_a_common_record_does_not_chain_groups_and_neither_do_copies_of_every_group() -> None:
    rows = np.arange(400)
    groups = (rows // 10).astype(str)
    columns = [replace(column, kind="ignore") for column in describe(FRAME[["who"]].rename(columns={"who": "g"}), FORM)]

    def units(inputs: np.ndarray) -> int:
        frame = pd.DataFrame({"g": groups, "x": inputs.astype(str), "y": "0"}, dtype=str)
        return len(set(units_of(frame, columns, ["y"], "g", FORM)))

    assert units(rows) == 40
    assert units(np.where(rows % 10 == 0, -1, rows)) == 40  # a record of a tenth of the rows
    assert units(np.where(rows == 399, 0, rows)) == 39  # one copy links the first and the last group
    assert units(rows % 200) == 20  # each group has its twin
    assert units(np.where(rows % 10 == 0, rows // 20, rows) + 400 * (rows % 10 > 0)) == 20
    assert units(np.where(rows % 10 == 9, (rows + 1) % 400, rows)) == 40  # one chain of all: groups alone


def test_parts_by_group_or_time_say_that_they_differ() -> None:
    frame = with_default(60).assign(day=lambda table: table["day"].where(table["day"] != "", "2024-03-01"))
    assert "goes with its 'who'" in made(frame=frame, group="who").notes[0]
    assert "The parts differ as groups do" in made(frame=frame, group="who").notes[1]
    assert "Each is where its 'day' puts it" in made(frame=frame, time="day").notes[0]
    assert "The parts differ as the times do" in made(frame=frame, time="day").notes[1]


def test_the_latest_rows_are_the_test_and_ties_do_not_straddle() -> None:
    found = made(time="day")
    assert straddling(found.parts, FRAME["day"]) == 0
    days = {part: FRAME["day"][found.parts == part] for part in ("train", "validation", "test")}
    assert days["train"].max() < days["validation"].min()
    assert days["validation"].max() < days["test"].min()
    assert counts(found) == {"train": 240, "validation": 80, "test": 80, "unused": 0}


def test_rows_without_a_time_are_unused() -> None:
    frame = FRAME.assign(day=FRAME["day"].where(np.arange(N) % 20 > 0, ""))
    found = made(frame=frame, time="day")
    assert counts(found)["unused"] == 20
    assert "20 rows without a time: not used." in found.notes


@pytest.mark.parametrize(
    ("cells", "ranks"),
    [
        (["2024-02-01", "2024-01-31", "", "2024-02-01"], [1, 0, -1, 1]),
        (["31.01.2024", "01.02.2024", "15.01.2024"], [1, 2, 0]),
        (["10", "9", "9.5", "?"], [2, 0, 1, -1]),
    ],
)
def test_times_are_ranked(cells: list[str], ranks: list[int]) -> None:
    assert times_of(pd.DataFrame({"t": cells}, dtype=str), "t", FORM).tolist() == ranks


@pytest.mark.parametrize("problem", TARGETS)
@pytest.mark.parametrize("together", ["", "who"])
def test_folds_cover_each_row_once_in_each_repeat(problem: str, together: str) -> None:
    target, parts = target_of(problem), made(problem).parts
    units = units_of(FRAME, COLUMNS, target.names, together, FORM)
    pairs = folds(parts, target, folds=4, repeats=2, seed=5, units=units)
    outside = np.flatnonzero(np.isin(parts, ["train", "validation"]))
    assert len(pairs) == 8
    for repeat in (pairs[:4], pairs[4:]):
        assert np.array_equal(np.sort(np.concatenate([held for _, held in repeat])), outside)
    for fit, held in pairs:
        assert np.array_equal(np.union1d(fit, held), outside)
        assert not np.intersect1d(fit, held).size
        assert not np.intersect1d(units[fit], units[held]).size
    again = folds(parts, target, folds=4, repeats=2, seed=5, units=units)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(pairs, again, strict=True))
    assert not np.array_equal(pairs[0][1], pairs[4][1])


def test_folds_of_time_move_forward() -> None:
    target, parts, times = target_of("binary"), made(time="day").parts, times_of(FRAME, "day", FORM)
    pairs = folds(parts, target, folds=5, repeats=3, seed=5, times=times)
    assert len(pairs) == 5
    for fit, held in pairs:
        assert times[fit].max() < times[held].min()
    assert [len(held) for _, held in pairs] == [56, 52, 52, 56, 52]


def test_row_hashes_know_content_and_borders() -> None:
    frame = pd.DataFrame({"a": ["x", "x", "xy"], "b": ["yz", "yz", "z"]}, dtype=str)
    hashes = row_hashes(frame)
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[0] == "d5954220c8c4e3d0"
    assert all(len(one) == 16 for one in hashes)


@pytest.mark.parametrize(
    ("settings", "kind", "words"),
    [
        ({"group": "whom"}, UsageError, "'whom' is not a column"),
        ({"time": "dy"}, UsageError, "'dy' is not a column"),
        ({"group": "who", "time": "day"}, UsageError, "not both"),
        ({"time": "many"}, UsageError, "cannot be ordered"),
        ({"group": "l1"}, DataError, "2 groups"),
        ({"time": "l1"}, DataError, "2 different points in time"),
    ],
)
def test_splits_that_cannot_be(settings: dict[str, object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        made(**settings)  # type: ignore[arg-type]


def test_a_class_that_only_the_latest_rows_hold_is_refused() -> None:
    frame = FRAME.assign(two=np.where(FRAME["day"] > "2024-03-25", "yes", "no"))
    with pytest.raises(DataError, match="rows hold no 'yes'"):
        made(frame=frame.astype(str), time="day")


def test_a_table_of_repeats_is_refused() -> None:
    frame = pd.concat([FRAME.iloc[:10]] * 12, ignore_index=True)
    frame["two"] = ["yes", "no", "yes", "no", "yes", "no", "yes", "no", "yes", "no"] * 12
    with pytest.raises(DataError, match="Only 10 rows differ"):
        made(frame=frame)


@pytest.mark.parametrize(
    ("sizes", "rows"),
    [
        pytest.param([300, *[1] * 700], [600, 200, 200], id="a row that occurs 300 times is for training"),
        pytest.param([250, 240, *[2] * 255], [600, 200, 200], id="two such rows"),
        pytest.param([200] * 5, [600, 200, 200], id="five groups of the size of a part"),
        pytest.param([700, *[1] * 300], [700, 150, 150], id="one that no part has room for"),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_unit_goes_where_there_is_room_for_it(sizes: list[int], rows: list[int], seed: int) -> None:
    labels = np.array(sizes)[:, None]
    part = deal(labels, np.array(sizes), np.array([0.6, 0.2, 0.2]), np.random.default_rng(seed))
    assert np.bincount(part, weights=sizes).tolist() == rows


@pytest.mark.parametrize(
    ("labels", "shares"),
    [
        (np.eye(3, dtype=int)[RNG.choice(3, 997, p=[0.7, 0.25, 0.05])], [0.6, 0.2, 0.2]),
        (np.eye(40, dtype=int)[RNG.integers(0, 40, 300)], [0.6, 0.2, 0.2]),
        (np.eye(3, dtype=int)[[0] * 40 + [1] * 5 + [2] * 3], [0.6, 0.2, 0.2]),
        (np.eye(2, dtype=int)[RNG.integers(0, 2, 101)], [0.2] * 5),
    ],
)
def test_single_labels_are_dealt_exactly(labels: np.ndarray, shares: list[float]) -> None:
    part = deal(labels, np.ones(len(labels), dtype=int), np.array(shares), np.random.default_rng(0))
    sizes = np.bincount(part, minlength=len(shares))
    assert np.abs(sizes - np.array(shares) * len(labels)).max() <= 2
    for number, share in enumerate(shares):
        dealt = labels[part == number].sum(axis=0)
        assert np.abs(dealt - share * labels.sum(axis=0)).max() < 1.6
        assert dealt[labels.sum(axis=0) >= len(shares)].min() >= 1


@pytest.mark.parametrize(
    ("asked", "validation", "outside", "minority", "ordered", "name", "folds_repeats"),
    [
        ("auto", 1408, 5634, (374, 1495), False, "holdout", (0, 0)),
        ("auto", 248, 992, None, False, "holdout", (0, 0)),
        ("auto", 247, 988, None, False, "kfold", (5, 3)),
        ("auto", 80, 320, None, False, "kfold", (5, 5)),
        ("auto", 2000, 8000, (12, 48), False, "kfold", (5, 1)),
        ("holdout", 80, 320, (40, 160), False, "holdout", (0, 0)),
        ("kfold", 1408, 5634, None, False, "kfold", (5, 1)),
        ("auto", 80, 320, None, True, "kfold", (5, 1)),
    ],
)
def test_the_scheme_is_chosen_by_what_rows_can_show(
    asked: str,
    validation: int,
    outside: int,
    minority: tuple[int, int] | None,
    ordered: bool,
    name: str,
    folds_repeats: tuple[int, int],
) -> None:
    scheme = choose(asked, validation, outside, classifies=True, minority=minority, ordered=ordered)
    assert (scheme.name, (scheme.folds, scheme.repeats)) == (name, folds_repeats)
    assert f"{validation:,} validation rows" in scheme.reason or asked == "kfold"
    assert "points" in scheme.reason
    assert scheme.reason.startswith("as you chose") == (asked != "auto")


@pytest.mark.parametrize(("rows", "points"), [(100, 7.9), (248, 5.0), (1000, 2.5), (10_000, 0.8)])
def test_resolution(rows: int, points: float) -> None:
    assert round(100 * resolution(rows), 1) == points


@pytest.mark.parametrize(
    ("rows", "folds_repeats"), [(100, (5, 5)), (499, (5, 5)), (500, (5, 3)), (5000, (5, 3)), (30_000, (5, 1))]
)
def test_more_rows_need_fewer_repeats(rows: int, folds_repeats: tuple[int, int]) -> None:
    assert rounds(rows) == folds_repeats
