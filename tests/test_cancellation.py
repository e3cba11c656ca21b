"""A cancellation: once, from any thread, and heard by whoever asked to."""

from __future__ import annotations

import threading

import pytest

from chatbot.cancellation import Cancellation, Cancelled


def test_it_is_cancelled_for_good() -> None:
    cancellation = Cancellation()
    cancellation.check()
    cancellation.cancel()
    assert cancellation.is_cancelled
    with pytest.raises(Cancelled):
        cancellation.check()


def test_whoever_asked_is_called_once() -> None:
    cancellation, calls = Cancellation(), []
    with cancellation.calling(lambda: calls.append("called")):
        cancellation.cancel()
        cancellation.cancel()
    assert calls == ["called"]


def test_whoever_has_left_is_not_called() -> None:
    cancellation, calls = Cancellation(), []
    with cancellation.calling(lambda: calls.append("called")):
        pass
    cancellation.cancel()
    assert calls == []


def test_whoever_comes_late_is_called_at_once() -> None:
    cancellation, calls = Cancellation(), []
    cancellation.cancel()
    with cancellation.calling(lambda: calls.append("called")):
        assert calls == ["called"]


def test_many_threads_cancel_it_once() -> None:
    cancellation, calls = Cancellation(), []
    start = threading.Barrier(8)

    def cancel() -> None:
        start.wait()
        cancellation.cancel()

    threads = [threading.Thread(target=cancel) for _ in range(8)]
    with cancellation.calling(lambda: calls.append("called")):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert calls == ["called"]
