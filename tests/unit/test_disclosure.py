"""Small counts are hidden so that nobody can be recognised, and the audit finds what is not hidden well enough."""

import itertools
import time

import numpy as np
import pandas as pd
import pytest

from epi import disclosure
from epi.disclosure import Fact, audit, part_of, protect, rate_shown, share_shown, sum_shown, total_is_sum

BY = ["place", "group"]
MARGINS = [["place"], ["group"], []]
THRESHOLD = 10


def table(counts: list[list[int]]) -> pd.DataFrame:
    """Give a table of places and groups, one row per cell."""
    cells = [(f"p{i}", f"g{j}", count) for i, row in enumerate(counts) for j, count in enumerate(row)]
    return pd.DataFrame(cells, columns=[*BY, "n"])


def random_table(seed: int, rows: int, columns: int) -> pd.DataFrame:
    """Give a table of invented, skewed counts, about a third of them small."""
    rng = np.random.default_rng(seed)
    return table(rng.poisson(rng.gamma(0.6, 40, (rows, columns))).tolist())


def hidden_only(frame: pd.DataFrame, hidden: "pd.Series[bool]", threshold: int = THRESHOLD) -> pd.DataFrame:
    """Give a table with its totals in which some cells are hidden, whatever that gives away."""
    everything = protect(frame, "n", BY, MARGINS, threshold=2)
    true = frame.set_index(BY)["n"]
    full = pd.concat(
        [
            frame,
            frame.groupby("place", as_index=False)["n"].sum().assign(group="all"),
            frame.groupby("group", as_index=False)["n"].sum().assign(place="all"),
            pd.DataFrame({"place": ["all"], "group": ["all"], "n": [true.sum()]}),
        ],
        ignore_index=True,
    )
    assert len(full) == len(everything)
    small = full["n"].between(1, threshold - 1)
    at = hidden.reindex(full.index, fill_value=False) | small
    return full.assign(n=full["n"].astype(float).mask(at), status=np.where(at, "suppressed", "reported"))


def possible(shown: pd.DataFrame, most: int) -> dict[tuple[str, str], tuple[int, int]]:
    """Find the least and largest count of every hidden cell by trying all tables of counts: the slow, sure way."""
    inner = shown[(shown["place"] != "all") & (shown["group"] != "all")].reset_index(drop=True)
    totals = shown[(shown["place"] == "all") | (shown["group"] == "all")].dropna(subset="n")
    cells = inner[BY].to_numpy()
    covers = [
        (((cells[:, 0] == place) | (place == "all")) & ((cells[:, 1] == group) | (group == "all")), total)
        for place, group, total in totals[[*BY, "n"]].itertuples(index=False)
    ]
    free = np.flatnonzero(inner["n"].isna())
    known = inner["n"].fillna(0).to_numpy(int)
    room = [int(min([most, *[total - known[inside].sum() for inside, total in covers if inside[at]]])) for at in free]
    guesses = np.indices([limit + 1 for limit in room]).reshape(len(free), -1)
    fits = np.ones(guesses.shape[1], dtype=bool)
    for inside, total in covers:
        fits &= guesses[inside[free]].sum(axis=0) + known[inside].sum() == total
    found = guesses[:, fits]
    return {tuple(cells[at]): (int(row.min()), int(row.max())) for at, row in zip(free, found, strict=True)}


def test_worked_table_hides_what_gives_the_small_count_away() -> None:
    """A single small count takes one more cell in its row, its column and where those cross, as in the textbooks."""
    shown = protect(table([[4, 31], [25, 40]]), "n", BY, MARGINS)
    assert shown["n"].isna().tolist() == [True] * 4 + [False] * 5
    assert shown["n"].dropna().tolist() == [35, 65, 29, 71, 100]
    assert set(shown["status"]) == {"suppressed", "reported"}
    assert audit(shown, "n", BY).empty


def test_the_mark_is_the_same_for_small_and_other_cells() -> None:
    """Nothing in the result tells a small hidden count from one that is hidden for its sake."""
    shown = protect(table([[4, 31], [25, 40]]), "n", BY, MARGINS)
    hidden = shown[shown["status"] == "suppressed"]
    assert hidden.drop(columns=BY).drop_duplicates().shape[0] == 1


@pytest.mark.parametrize("seed", range(12))
def test_audit_finds_what_trying_every_table_finds(seed: int) -> None:
    """Bounds of hidden cells are those of an exhaustive search; a cell is found exactly where they are narrow."""
    rng = np.random.default_rng(seed)
    frame = table(rng.integers(1, 7, (2, 3)).tolist())
    shown = hidden_only(frame, pd.Series(rng.random(6) < 0.3), 4)
    sure = possible(shown, 20)
    assert sure
    narrow = {key for key, (low, high) in sure.items() if high - low + 1 < 4 and low < 4 and high > 0}
    found = audit(shown, "n", BY, 4)
    inner = found[(found["place"] != "all") & (found["group"] != "all")]
    assert {(row.place, row.group) for row in inner.itertuples()} == narrow
    for row in inner.itertuples():
        assert (row.lower, row.upper) == sure[(row.place, row.group)]


def test_primary_suppression_alone_is_recovered_and_the_protected_table_is_not() -> None:
    """Of many random tables, hiding small cells alone gives hundreds away, at their true values; protecting none."""
    small = given_away = shown_cells = cells = 0
    for seed in range(0, 231, 2):
        frame = random_table(seed, 2 + seed % 5, 2 + seed % 4)
        true = frame.set_index(BY)["n"]
        found = audit(hidden_only(frame, pd.Series(dtype=bool)), "n", BY)
        exact = found[(found["finding"] == "exact") & (found["place"] != "all") & (found["group"] != "all")]
        assert all(true[(row.place, row.group)] == row.lower == row.upper for row in exact.itertuples())
        small += int(frame["n"].between(1, 9).sum())
        given_away += len(exact)
        protected = protect(frame, "n", BY, MARGINS, round_to=5)
        assert audit(protected, "n", BY, round_to=5).empty
        assert protected["n"].dropna().mod(5).eq(0).all()
        assert not protected["n"].between(1, 9).any()
        cells += len(protected)
        shown_cells += int(protected["n"].notna().sum())
    assert small > 400
    assert given_away > 0.1 * small
    assert shown_cells > 0.5 * cells


@pytest.mark.parametrize("seed", range(8))
def test_protected_tables_withstand_the_exhaustive_search(seed: int) -> None:
    """After protection, trying every table leaves enough counts possible for each hidden cell that may be small."""
    frame = table(np.random.default_rng(100 + seed).integers(1, 9, (2, 3)).tolist())
    shown = protect(frame, "n", BY, MARGINS, 4)
    assert shown["n"].isna().any()
    for low, high in possible(shown, 24).values():
        assert high - low + 1 >= 4 or low >= 4


def test_showing_one_more_cell_is_noticed() -> None:
    """A protected table in which a cell hidden for others' sake is shown again no longer passes."""
    noticed = 0
    for seed in range(40):
        frame = random_table(seed, 4, 4)
        shown = protect(frame, "n", BY, MARGINS)
        true = pd.Series(frame["n"].to_numpy(float)).reindex(shown.index)
        extra = shown.index[shown["n"].isna() & (true >= THRESHOLD)]
        if len(extra):
            weakened = shown.assign(n=shown["n"].where(shown.index != extra[0], true))
            noticed += not audit(weakened, "n", BY).empty
    assert noticed >= 15


def test_without_complementary_suppression_the_audit_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the search for further cells broken, protection ends in an error, never in a table that leaks."""
    monkeypatch.setattr(disclosure.Cover, "protect", lambda *_: None)
    with pytest.raises(disclosure.Unprotectable, match=r"Expected.*found"):
        protect(table([[4, 31], [25, 40]]), "n", BY, MARGINS)


def test_hidden_count_with_shown_rate_is_found() -> None:
    """A rate per 100,000 beside a known population gives the hidden count to the person."""
    counts = pd.DataFrame({"place": ["a", "b"], "n": [7.0, 60.0], "status": "reported"})
    hidden = counts.assign(n=[np.nan, 60.0])
    assert audit(hidden, "n", ["place"]).empty
    found = audit(hidden, "n", ["place"], also=[rate_shown(("a",), 52_000, 13.5)])
    assert found[["place", "lower", "upper", "finding"]].to_numpy().tolist() == [["a", 7, 7, "exact"]]


def test_share_of_a_shown_whole_is_found() -> None:
    """A percentage with one decimal gives the hidden part of a shown whole away."""
    hidden = pd.DataFrame({"step": ["tested", "positive"], "n": [400.0, np.nan]})
    found = audit(hidden, "n", ["step"], also=share_shown(("positive",), ("tested",), 1.8))
    assert (found["lower"].item(), found["upper"].item()) == (7, 7)


def test_rolling_sums_give_a_month_away() -> None:
    """Two rolling sums and the month that entered between them give the month that left."""
    months = pd.DataFrame({"month": ["1", "2", "3", "4"], "n": [np.nan, 20.0, 31.0, 15.0]})
    rolling = [sum_shown([("1",), ("2",), ("3",)], 55), sum_shown([("2",), ("3",), ("4",)], 66)]
    found = audit(months, "n", ["month"], also=rolling)
    assert found[["month", "lower", "finding"]].to_numpy().tolist() == [["1", 4, "exact"]]
    roomy = [sum_shown([("1",), ("2",), ("3",)], 55, round_to=25), rolling[1]]
    assert audit(months, "n", ["month"], also=roomy).empty


def test_years_and_parts_are_protected_together() -> None:
    """A small month takes another month of its year with it; parts of a whole are bounded by it."""
    cells = pd.DataFrame({"cell": ["year", "jan", "feb", "mar"], "n": [80, 4, 30, 46]})
    year = total_is_sum(("year",), [("jan",), ("feb",), ("mar",)])
    shown = protect(cells, "n", ["cell"], [], also=[year])
    assert shown["n"].isna().sum() == 2
    assert audit(shown, "n", ["cell"], also=[year]).empty
    steps = pd.DataFrame({"cell": ["tested", "cured"], "n": [12, 5]})
    inside = [part_of(("cured",), ("tested",))]
    assert protect(steps, "n", ["cell"], [], also=inside)["n"].tolist()[0] == 12
    fewer = pd.DataFrame({"cell": ["tested", "cured"], "n": [6.0, np.nan]})
    assert audit(fewer, "n", ["cell"], also=inside)["upper"].tolist() == [6]


def test_a_fact_that_fixes_a_hidden_count_is_refused() -> None:
    """Where a rate is published whatever is hidden, there is no protection, and that is said."""
    counts = pd.DataFrame({"place": ["a", "b"], "n": [7, 60]})
    with pytest.raises(disclosure.Unprotectable, match="found"):
        protect(counts, "n", ["place"], [], also=[rate_shown(("a",), 52_000, 13.5)])


def test_a_new_person_between_two_releases_is_located_without_rounding_only() -> None:
    """One more person in one cell shows as a change of one in exact tables, and not once figures are rounded to 5."""
    located = {1: 0, 5: 0}
    for seed in range(12):
        rng = np.random.default_rng(seed)
        old = table(rng.integers(1, 90, (3, 4)).tolist())
        new = old.assign(n=old["n"] + (np.arange(12) == rng.integers(12)))
        for base, total in located.items():
            before = protect(old, "n", BY, MARGINS, round_to=base)
            after = protect(new, "n", BY, MARGINS, round_to=base, previous=before)
            changes = audit(after, "n", BY, round_to=base, previous=before)
            assert set(changes["finding"]) <= {"change"}
            located[base] = total + (not changes.empty)
    assert located[1] >= 11
    assert located[5] == 0


def test_releases_that_hide_different_cells_give_each_other_away() -> None:
    """What the release before showed fills in what this one hides, in either direction."""
    other = table([[4, 31], [25, 40]])
    full = protect(other, "n", BY, MARGINS)
    swapped = full.assign(n=[np.nan, 31.0, 25.0, np.nan, 35, 65, 29, 71, 100])
    assert not audit(swapped, "n", BY).empty
    now = pd.DataFrame({"place": ["a", "b", "c", "all"], "n": [np.nan, np.nan, 40.0, 75.0]})
    before = now.assign(n=[np.nan, 31.0, np.nan, 75.0])
    assert audit(now, "n", ["place"]).empty
    assert audit(before, "n", ["place"]).empty
    together = audit(now, "n", ["place"], previous=before)
    assert together.loc[together["finding"] == "exact", "lower"].tolist() == [4]
    assert together.loc[together["finding"] == "previous", "place"].tolist() == ["a"]


def test_what_was_hidden_stays_hidden() -> None:
    """A later release hides what the earlier one hid, and shows what it showed."""
    old, new = table([[4, 31], [25, 40]]), table([[14, 31], [25, 40]])
    before = protect(old, "n", BY, MARGINS)
    after = protect(new, "n", BY, MARGINS, previous=before)
    assert after["n"].isna().tolist() == before["n"].isna().tolist()


def test_the_threshold_itself_is_shown() -> None:
    """Nine is hidden, ten is not."""
    shown = protect(pd.DataFrame({"place": list("abcd"), "n": [0, 1, 9, 10]}), "n", ["place"], [])
    assert shown["n"].isna().tolist() == [False, True, True, False]


def test_zeros_are_shown_unless_asked() -> None:
    """A count of 0 is shown by default, hidden on request, and never the result of rounding a small count."""
    frame = pd.DataFrame({"place": ["a", "b", "c"], "n": [0, 3, 11]})
    shown = protect(frame, "n", ["place"], [], round_to=5)
    assert shown["n"].tolist()[0] == 0
    assert np.isnan(shown["n"].tolist()[1])
    assert shown["n"].tolist()[2] == 10
    assert protect(frame, "n", ["place"], [], hide_zeros=True)["n"].isna().tolist() == [True, True, False]
    known = pd.DataFrame({"place": ["a", "b", "all"], "n": [np.nan, 12.0, 12.0]})
    assert audit(known, "n", ["place"]).empty
    assert audit(known, "n", ["place"], hide_zeros=True)["finding"].tolist() == ["exact"]


def test_three_way_table_with_two_way_margins() -> None:
    """Sums over each one of three columns are protected together, in whole numbers."""
    rng = np.random.default_rng(7)
    cells = list(itertools.product("abc", "xyz", "12"))
    frame = pd.DataFrame(cells, columns=["a", "b", "c"]).assign(n=rng.poisson(rng.gamma(0.6, 40, len(cells))))
    margins = [["a", "b"], ["a", "c"], ["b", "c"], ["a"], ["b"], ["c"], []]
    shown = protect(frame, "n", ["a", "b", "c"], margins, round_to=5)
    assert audit(shown, "n", ["a", "b", "c"], round_to=5).empty
    assert shown["n"].notna().any()


def test_a_large_table_takes_seconds() -> None:
    """A table of 20 by 20 with its totals is protected and audited within ten seconds."""
    frame, began = random_table(1, 20, 20), time.monotonic()
    shown = protect(frame, "n", BY, MARGINS, round_to=5)
    assert audit(shown, "n", BY, round_to=5).empty
    assert time.monotonic() - began < 10


def test_order_of_rows_does_not_matter_for_safety() -> None:
    """Shuffled rows are protected as well, and every row keeps its own count."""
    frame = random_table(3, 5, 5)
    shuffled = frame.sample(frac=1, random_state=1)
    shown = protect(shuffled, "n", BY, MARGINS)
    assert audit(shown, "n", BY).empty
    both = shown.dropna(subset="n").merge(frame, on=BY, suffixes=("", "_true"))
    assert (both["n"] == both["n_true"]).all()


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (table([[1, 2]]).assign(n=[1.5, 2]), {}, "whole numbers"),
        (table([[1, 2]]).assign(n=[-1, 2]), {}, "whole numbers"),
        (table([[1, 2]]).assign(n=[np.nan, 2]), {}, "whole numbers"),
        (table([[1, 2]]).assign(group="g"), {}, "twice"),
        (table([[1, 2]]).assign(group=["all", "g"]), {}, "totals"),
        (table([[1, 2]]), {"margins": [["sex"]]}, "sex"),
        (table([[1, 2]]), {"threshold": 1}, "threshold"),
        (table([[1, 2]]), {"also": [Fact({("p9", "g9"): 1.0}, 0, 1)]}, "p9"),
        (table([[1, 2]]).drop(columns="n"), {}, "columns"),
    ],
)
def test_what_cannot_be_protected_is_refused(frame: pd.DataFrame, options: dict, message: str) -> None:
    """Fractions, missing counts, doubled cells, totals among the cells and unknown names are refused by name."""
    with pytest.raises(ValueError, match=message) as refusal:
        protect(frame, "n", BY, options.pop("margins", MARGINS), **options)
    assert "found" in str(refusal.value)


def test_figures_that_contradict_each_other_are_refused() -> None:
    """A total below its shown parts satisfies no table, and the audit says so rather than finding nothing."""
    wrong = pd.DataFrame({"place": ["a", "b", "c", "all"], "n": [20.0, np.nan, np.nan, 15.0]})
    with pytest.raises(ValueError, match="agree"):
        audit(wrong, "n", ["place"])


def test_an_empty_table_is_safe() -> None:
    """No cells need no protection, also after a release that had some."""
    before = protect(table([[4, 31], [25, 40]]), "n", BY, [])
    nothing = table([[4, 31]]).iloc[:0]
    assert protect(nothing, "n", BY, [], previous=before).empty
