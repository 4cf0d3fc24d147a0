"""Rounds of a contact: every customer message in exactly one, however the lines are mixed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.rounds import Message, Round, packed, rounds_of, unpacked

ROLES = ("customer", "customer", "agent", "bot", "system")
LINES = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(ROLES)), max_size=25)


def messages(lines: list[tuple[int, str]]) -> list[Message]:
    return [Message("c", str(n), at, role, None) for n, (at, role) in enumerate(lines)]


@given(LINES)
def test_every_customer_message_is_in_exactly_one_round(lines: list[tuple[int, str]]) -> None:
    found = rounds_of(messages(lines))
    in_rounds = [at for one in found for at in (one.asked_at, *one.asked_again)]
    assert sorted(in_rounds) == sorted(at for at, role in lines if role == "customer")


@given(LINES)
def test_messages_of_a_round_lie_between_the_answer_before_and_its_own(
    lines: list[tuple[int, str]],
) -> None:
    before = 0
    for one in rounds_of(messages(lines)):
        run = [one.asked_at, *one.asked_again]
        assert run == sorted(run)
        assert before <= run[0]
        assert one.answered_at is None or run[-1] <= one.answered_at
        before = one.answered_at or 0


def test_a_run_keeps_its_further_messages_up_to_the_answer_that_ends_it() -> None:
    lines = [(1, "customer"), (2, "customer"), (3, "bot"), (4, "customer"), (5, "system"),
             (6, "customer"), (7, "customer"), (9, "agent"), (11, "customer")]  # fmt: skip

    assert rounds_of(messages(lines)) == [
        Round(1, 3, "bot", None, 9, (2,)), Round(4, 9, "human", None, 9, (6, 7)), Round(11),
    ]  # fmt: skip


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5))
def test_times_are_kept_as_little_endian_microseconds(times: list[int]) -> None:
    kept = packed(times)
    assert (kept is None) == (not times)
    assert unpacked(kept) == tuple(times)
    assert kept is None or kept[:8] == times[0].to_bytes(8, "little", signed=True)
