"""One event loop for all models of the process, in a thread of its own.

A model is asked on it, so that whoever waits can stop waiting, and what was begun is ended at
once: a task can be cancelled wherever it stands, a thread cannot.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None


def begin(work: Coroutine[Any, Any, None]) -> Callable[[], None]:
    """Begin the work on the loop, in the caller's context; return what cancels it, once.

    It may be cancelled from any thread, and when it is done, too. Errors are the work's own
    affair: nobody waits for it.
    """
    loop = _running_loop()
    tasks: list[asyncio.Task[None]] = []

    def create() -> None:
        tasks.append(loop.create_task(work))

    def cancel() -> None:
        loop.call_soon_threadsafe(lambda: tasks.pop().cancel() if tasks else None)

    loop.call_soon_threadsafe(create)  # takes the context along, where tracing may be off
    return cancel


def _running_loop() -> asyncio.AbstractEventLoop:
    global _loop, _thread
    with _lock:
        # After a fork there is the loop, but no thread that runs it.
        if _loop is None or _thread is None or not _thread.is_alive():
            _loop = asyncio.new_event_loop()
            _thread = threading.Thread(target=_loop.run_forever, name="chat-models", daemon=True)
            _thread.start()
        return _loop
