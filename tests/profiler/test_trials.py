"""How rewrites are judged, with runs that are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from perilune.profiler.rewrites.rewrite import APPEND, LOCAL, Edit, Rewrite
from perilune.profiler.suggestions import Candidate, combine, rewritten, try_out
from perilune.profiler.trials import (
    DIFFERS,
    GAINS,
    NOTHING,
    SLOWER,
    CountedRun,
    Effect,
    Judge,
    NotDeterministic,
    NotJudged,
    Texts,
    TimeChange,
    effect_text,
    time_change,
)

PLAIN = CountedRun("ended well", {"its output": b"one\ntwo\n"}, 1000, 500)


class MadeUp:
    """Runs whose figures follow from the text: the rewritten program's are `after`; times alternate a little."""

    def __init__(self, after: CountedRun, before_ms: float = 10, after_ms: float = 10) -> None:
        self.after = after
        self.ms = {False: before_ms, True: after_ms}
        self.order: list[bool] = []
        self.first: list[CountedRun] = []

    def counted(self, texts: Texts) -> CountedRun:
        if not texts and self.first:
            return self.first.pop(0)
        return self.after if texts else PLAIN

    def timed(self, texts: Texts) -> int:
        self.order.append(bool(texts))
        return int(1e6 * self.ms[bool(texts)] * (1 + 0.002 * (len(self.order) % 3)))


def effect(after: CountedRun, before_ms: float = 10, after_ms: float = 10, seconds: float = 5) -> Effect:
    return Judge(MadeUp(after, before_ms, after_ms), seconds).trial({"a.lua": b""})


def test_fewer_instructions_gain() -> None:
    found = effect(replace(PLAIN, instructions=620), after_ms=8.8)
    assert found.verdict == GAINS and found.time is not None and found.time.is_known
    said = effect_text(found).replace("\N{MINUS SIGN}", "-")
    assert said.startswith("same output, -38 % instructions, -12 % time ± ")


def test_the_same_for_less_time_gains() -> None:
    assert effect(PLAIN, after_ms=8).verdict == GAINS


def test_a_gain_of_time_alone_is_measured_twice() -> None:
    class Lucky(MadeUp):
        """Seems faster in its first measurement, with some ups and downs, and never again."""

        def timed(self, texts: Texts) -> int:
            self.order.append(bool(texts))
            is_first = len(self.order) <= 1 + 4 * 12
            return int(1e7 * (0.9 if texts and is_first else 1) * (1 + 0.03 * (len(self.order) % 5)))

    found = Judge(Lucky(PLAIN), 60).trial({"a.lua": b""})
    assert found.verdict == NOTHING
    runs = MadeUp(PLAIN, after_ms=8)
    assert Judge(runs, 5).trial({"a.lua": b""}).verdict == GAINS and len(runs.order) >= 1 + 2 * 8


def test_less_than_a_hundredth_is_nothing() -> None:
    found = effect(replace(PLAIN, instructions=991))
    assert found.verdict == NOTHING
    assert effect_text(found).startswith(
        "nothing gained: same output, \N{MINUS SIGN}0.9 % instructions, time unchanged within"
    )


def test_fewer_instructions_in_more_time_are_no_gain() -> None:
    assert effect(replace(PLAIN, instructions=900), after_ms=11).verdict == SLOWER


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (replace(PLAIN, streams={"its output": b"one\n2\n"}), "its output differs in line 2: 'two' becomes '2'"),
        (replace(PLAIN, streams={"its output": b"one"}), "its output differs from line 2 on: there are 1 lines, not 3"),
        (replace(PLAIN, ending="ended with status 3"), "it ended with status 3, where it ended well before"),
    ],
)
def test_what_does_something_else_is_told_and_not_timed(after: CountedRun, said: str) -> None:
    runs = MadeUp(replace(after, instructions=1))
    found = Judge(runs, 5).trial({"a.lua": b""})
    assert (found.verdict, found.reason, runs.order) == (DIFFERS, said, [])
    assert effect_text(found) == f"not the same: {said}"


def test_a_program_that_differs_from_itself_is_not_judged() -> None:
    runs = MadeUp(PLAIN)
    runs.first = [PLAIN, replace(PLAIN, streams={"its output": b"one\n12:00\n"})]
    with pytest.raises(NotDeterministic, match="line 2: 'two' becomes '12:00'"):
        Judge(runs, 5)


def test_a_program_that_was_stopped_is_not_judged() -> None:
    runs = MadeUp(PLAIN)
    runs.first = [replace(PLAIN, ending="did not end by itself", is_complete=False)]
    with pytest.raises(NotJudged, match="did not end by itself"):
        Judge(runs, 5)


def test_instructions_that_vary_by_themselves_are_no_gain() -> None:
    runs = MadeUp(replace(PLAIN, instructions=950))
    runs.first = [PLAIN, replace(PLAIN, instructions=1060)]
    assert Judge(runs, 0).trial({"a.lua": b""}).verdict == NOTHING


def test_runs_alternate_in_the_order_a_b_b_a() -> None:
    runs = MadeUp(PLAIN)
    Judge(runs, 5).trial({"a.lua": b""})
    rounds = runs.order[1:]  # behind the one that says how long a run takes
    assert len(rounds) >= 8 and [rounds[i : i + 4] for i in range(0, len(rounds), 4)] == [
        [False, True, True, False]
    ] * (len(rounds) // 4)


def test_long_programs_are_judged_by_their_instructions() -> None:
    found = effect(replace(PLAIN, instructions=900), before_ms=20_000)
    assert found.verdict == GAINS and found.time is None
    assert "not timed: that takes about 80 s" in effect_text(found)
    long = effect(PLAIN, before_ms=3000, after_ms=300)
    assert long.verdict == GAINS and long.time is not None and long.time.pairs == 2
    assert "too short for times" in effect_text(effect(PLAIN, before_ms=0.1))
    assert effect(PLAIN, seconds=0).time is None


def test_the_error_of_few_pairs_is_large() -> None:
    few, many = time_change([-0.1, -0.2]), time_change([-0.1, -0.2] * 8)
    assert few.change == pytest.approx(many.change) and few.error > 10 * many.error
    assert not few.is_known and many.is_known


# --- several rewrites


def candidate(start: int, end: int, kind: str = APPEND, subject: str = "t") -> Candidate:
    rewrite = Rewrite(kind, 1, subject, "", (Edit(start, end, "x"),))
    return Candidate("a.lua", "a.lua", b"0123456789", rewrite, 0.5)


def test_rewrites_of_one_place_or_one_subject_exclude_each_other() -> None:
    one = candidate(2, 5)
    assert one.goes_with(candidate(5, 6)) and not one.goes_with(candidate(4, 6)) and not one.goes_with(one)
    assert candidate(2, 2).goes_with(candidate(2, 2))  # two insertions
    assert not candidate(2, 3, LOCAL, "a, b").goes_with(candidate(4, 5, LOCAL, "b, c"))
    assert rewritten([one, candidate(7, 8)]) == {"a.lua": b"01x56x89"}


def test_what_gains_together_is_kept_together() -> None:
    judge = Judge(MadeUp(replace(PLAIN, instructions=500)), 0)
    suggestions = [try_out(judge, candidate(start, start + 1)) for start in (1, 3, 5)]
    together = combine(judge, suggestions)
    assert together is not None and len(together.suggestions) == 3 and together.effect.verdict == GAINS
    assert combine(judge, []) is None


def test_what_differs_together_is_kept_as_far_as_it_does_not() -> None:
    class Quarrel(MadeUp):
        def counted(self, texts: Texts) -> CountedRun:
            if texts and texts["a.lua"].count(b"x") > 2:
                return replace(PLAIN, ending="failed: boom")
            return super().counted(texts)

    judge = Judge(Quarrel(replace(PLAIN, instructions=500)), 0)
    suggestions = [try_out(judge, candidate(start, start + 1)) for start in (1, 3, 5)]
    together = combine(judge, suggestions)
    assert together is not None and together.suggestions == suggestions[:2] and together.effect.is_worth_it


def test_a_time_that_is_known_is_beyond_its_error() -> None:
    assert TimeChange(-0.05, 0.04, 8).is_known and not TimeChange(-0.05, 0.06, 8).is_known
