"""How the command ends: 0 done, 1 a check failed, 2 could not run; 130 after Ctrl-C."""

from __future__ import annotations

DONE, CHECK_FAILED, COULD_NOT_RUN = 0, 1, 2
INTERRUPTED, PIPE_CLOSED = 130, 141  # as a shell reports SIGINT and SIGPIPE
