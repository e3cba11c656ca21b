import json
import os
import re
import socket
from pathlib import Path

import pytest

from ingest.errors import WriterBusy
from ingest.writer_lock import writer_lock


def test_tells_a_second_writer_who_the_first_one_is(tmp_path: Path) -> None:
    with writer_lock(tmp_path), pytest.raises(WriterBusy) as refused, writer_lock(tmp_path):
        pytest.fail("two writers at once")
    expected = (
        rf"The index at {re.escape(str(tmp_path))} is being updated by process {os.getpid()}"
        rf" on {re.escape(socket.gethostname())} since \d\d:\d\d:\d\d\. Wait"
    )
    assert re.match(expected, str(refused.value))


def test_lets_the_next_writer_in_after_the_first_is_done(tmp_path: Path) -> None:
    with writer_lock(tmp_path / "new" / "index"):
        pass
    with writer_lock(tmp_path / "new" / "index"):
        pass


def test_is_given_up_when_the_writer_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), writer_lock(tmp_path):
        _ = 1 / 0
    with writer_lock(tmp_path):
        pass


def test_a_note_left_by_a_killed_writer_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "writer.lock").touch()
    (tmp_path / "writer.json").write_text(json.dumps({"pid": 1, "host": "x", "since": "now"}))
    with writer_lock(tmp_path):
        pass


def test_an_unreadable_note_still_gives_a_message(tmp_path: Path) -> None:
    with writer_lock(tmp_path):
        (tmp_path / "writer.json").write_text("{")
        with pytest.raises(WriterBusy, match="by another process"), writer_lock(tmp_path):
            pytest.fail("two writers at once")
