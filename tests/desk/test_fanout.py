"""No note, and nothing said among agents, ever reaches a client's thread: for all events, threads and messages."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from desk.events import (
    KINDS,
    DeliveryFailed,
    Event,
    InternalTalkOpened,
    MessageDeleted,
    MessageEdited,
    MessageSaid,
    ThreadEnded,
    TicketContinued,
    TranscriptMade,
    from_json,
    to_json,
)
from desk.fanout import hearers
from desk.model import Audience, Kind, Message, Thread

ids = st.integers(1, 9)
threads = st.lists(
    st.builds(Thread, ids, st.just(1), st.sampled_from(Audience), st.just("slack"), st.none(), st.none(), st.just("")),
    unique_by=lambda thread: thread.id,
    max_size=8,
)
messages = st.builds(
    Message, ids, st.just(1), ids, st.sampled_from(Kind), st.text(), st.just(datetime(2026, 11, 24, tzinfo=UTC)),
    st.sampled_from(Audience), st.none() | ids,
)  # fmt: skip
# All kinds that there are, a new one too: what their fields hold is made up by their types.
events: st.SearchStrategy[Event] = st.one_of(*(st.builds(kind, ticket=st.just(1)) for kind in KINDS.values()))
about_a_message = st.one_of(
    st.builds(MessageSaid, st.just(1), ids),
    st.builds(MessageEdited, st.just(1), ids, ids),
    st.builds(MessageDeleted, st.just(1), ids),
)


@given(event=about_a_message, threads=threads, message=messages)
def test_a_note_reaches_no_client(event: Event, threads: list[Thread], message: Message) -> None:
    hearing = hearers(event, threads, message)
    if message.kind is Kind.NOTE:
        assert all(thread.audience is not Audience.CLIENT for thread in hearing)
    assert all(thread.id != message.thread_id for thread in hearing)


@given(event=about_a_message, threads=threads)
def test_words_that_nobody_knows_reach_nobody(event: Event, threads: list[Thread]) -> None:
    assert hearers(event, threads, None) == ()


@given(event=events, threads=threads, message=st.none() | messages)
def test_an_internal_thread_hears_only_what_is_internal(
    event: Event, threads: list[Thread], message: Message | None
) -> None:
    for thread in hearers(event, threads, message):
        if thread.audience is Audience.INTERNAL:
            told = isinstance(event, InternalTalkOpened | DeliveryFailed)
            told = told or isinstance(event, TicketContinued | ThreadEnded | TranscriptMade)  # about this very thread
            assert told or (message is not None and message.kind is Kind.NOTE)
        if isinstance(event, InternalTalkOpened):
            assert thread.audience is Audience.INTERNAL


@given(threads=threads, message=messages)
def test_both_sides_hear_a_reply_but_where_it_was_said(threads: list[Thread], message: Message) -> None:
    if message.kind is Kind.REPLY:
        hearing = {thread.id for thread in hearers(MessageSaid(1, message.id), threads, message)}
        both = {thread.id for thread in threads if thread.audience is not Audience.INTERNAL}
        assert hearing == both - {message.thread_id}


@given(event=events, threads=threads, message=st.none() | messages)
def test_what_is_about_one_thread_is_told_there_only(
    event: Event, threads: list[Thread], message: Message | None
) -> None:
    if isinstance(event, TicketContinued | ThreadEnded | TranscriptMade):
        assert {thread.id for thread in hearers(event, threads, message)} <= {event.thread_id}


@given(event=events)
def test_an_event_is_the_same_after_the_log(event: Event) -> None:
    assert from_json(type(event).__name__, to_json(event)) == event
    assert KINDS[type(event).__name__] is type(event)
