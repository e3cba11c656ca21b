"""Ask every case, in processes side by side, and keep each result as soon as it is there.

A run that is interrupted goes on where it stopped, and one that repeats another asks nothing:
results are kept in a file named by everything that decides them.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from multiprocessing import Queue
from pathlib import Path
from typing import TextIO

from chatbot.privacy import keep_private
from evals.errors import EvalError, HarnessFailed
from evals.golden_set import Case
from evals.results import Result
from evals.systems import Asking, System

OnResult = Callable[[int, int], None]  # cases done, cases in all


class ResultFile:
    """Results by what was asked, one JSON object a line, added to as they come.

    A line that was cut off, by a crash or a full disk, is left out when it is read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, Result] = dict(_read(path))
        self._file: TextIO | None = None

    def get(self, case: Case) -> Result | None:
        """What was kept for this asking, if anything."""
        return self._kept.get(_key(case))

    def put(self, case: Case, result: Result) -> None:
        """Keep it."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8")
            self._file.write("\n")  # after a line that was cut off
        # In ASCII: an answer may hold half a surrogate pair, which has no UTF-8.
        line = json.dumps({"key": _key(case), **result.to_json()})
        self._file.write(f"{line}\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def run(
    system: System,
    cases: Sequence[Case],
    kept: Path,
    *,
    workers: int = 1,
    on_result: OnResult | None = None,
) -> tuple[list[Result], int]:
    """The result of each case, in order, and how many were asked and not found in `kept`.

    A case that raises has a result with an `error`, which is not kept: it is asked again. So is
    one whose model failed.

    Raises:
        HarnessFailed: a process was ended, or a model cannot be had.
    """
    file = ResultFile(kept)
    try:
        found = {case.id: result for case in cases if (result := file.get(case)) is not None}
        missing = [case for case in cases if case.id not in found]
        if on_result is not None:
            on_result(len(found), len(cases))
        for case, result in _ask(system, missing, min(workers, len(missing))):
            found[case.id] = result
            if result.may_be_kept:
                file.put(case, result)
            if on_result is not None:
                on_result(len(found), len(cases))
    finally:
        file.close()
    return [found[case.id] for case in cases], len(missing)


def _ask(system: System, cases: Sequence[Case], workers: int) -> Iterator[tuple[Case, Result]]:
    if not cases:
        return
    if workers == 1:
        with system.open() as asking:
            for case in cases:
                yield case, _answered(asking, case)
        return
    # Spawned: a forked child would inherit threads that do not run in it.
    context = multiprocessing.get_context("spawn")
    cores = context.Queue()
    for worker in range(workers):
        cores.put(worker)
    pool = ProcessPoolExecutor(workers, context, initializer=_open_here, initargs=(system, cores))
    with pool:
        try:
            asked = {pool.submit(_ask_here, case): case for case in cases}
            for done in as_completed(asked):
                yield asked[done], done.result()
        except BrokenProcessPool as error:
            raise HarnessFailed(
                ["A process that asks was ended, perhaps for want of memory. Run it again to go on"]
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_here = ExitStack()
_asking: Asking | None = None
_unopened = ""


def _open_here(system: System, cores: Queue[int]) -> None:
    """Open the system for the rest of this child process, which keeps to a core of its own.

    Two processes that both compute on both cores take longer than one after the other.
    """
    global _asking, _unopened
    keep_private(tracing=False)
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[cores.get() % len(allowed)]})
    try:
        _asking = _here.enter_context(system.open())
    except Exception as error:  # told by the first case: raised here it would be a traceback
        _unopened = str(error)


def _ask_here(case: Case) -> Result:
    if _asking is None:
        raise HarnessFailed([_unopened])
    return _answered(_asking, case)


def _answered(asking: Asking, case: Case) -> Result:
    try:
        return asking(case)
    except EvalError:  # whatever it is, the next case would meet it, too
        raise
    except Exception as error:  # one case must not end the run; it is reported as failed
        return Result(case.id, declined=False, text="", error=f"{type(error).__name__}: {error}")


def _key(case: Case) -> str:
    asked = json.dumps([case.id, *case.turns, case.text], ensure_ascii=False)
    return hashlib.sha256(asked.encode()).hexdigest()


def _read(path: Path) -> Iterable[tuple[str, Result]]:
    try:
        lines = path.read_bytes().split(b"\n")  # as bytes: one may be cut off within a letter
    except FileNotFoundError:
        return
    for line in lines:
        try:
            stored = json.loads(line)
            key = stored.pop("key")
            result = Result.from_json(stored)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        yield key, result
