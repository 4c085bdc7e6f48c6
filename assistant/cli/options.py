"""Options that every command takes, and how a command is run and its errors are shown."""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from assistant.cli.sandbox import ACCEPTED, lock
from assistant.config import Settings, load_settings
from assistant.console.output import Output
from assistant.errors import AssistantError, Cancelled, UsageError
from assistant.types import Workspace


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a command is given: the settings (flags applied) and where to write.

    `opener` is how it gets a workspace: what a test put into the click context's `obj`, or
    None for the real one. `new_library` says whether a library that is not there may be
    made, and `without_passphrase` that the person chose it to have none.
    """

    settings: Settings
    output: Output
    opener: Callable[[Settings], Workspace] | None
    new_library: bool = False
    without_passphrase: bool = False

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """Open the library, and close it when the block ends."""
        opened = self._open()
        try:
            yield opened
        finally:
            opened.close()

    def open_app(self, review: Path | None = None) -> None:
        """Run the app on the library until the person leaves it, then exit.

        It begins with the review of the drafted questions in the file `review`, if there is one.
        """
        from assistant.tui.app import AssistantApp

        if self.opener is not None:
            screen = AssistantApp(self._open, review=review)
        else:
            from assistant.cli.library_lock import open_gate
            from assistant.cli.wiring import open_workspace

            gate = open_gate(self.settings, self.output, without_passphrase=self.without_passphrase)
            minutes = self.settings.auto_lock_minutes
            screen = AssistantApp(
                lambda: open_workspace(self.settings, gate),
                gate=gate,
                lock_minutes=minutes,
                review=review,
            )
        screen.run()
        sys.exit(screen.return_code or 0)

    def _open(self) -> Workspace:
        if self.opener is not None:
            return self.opener(self.settings)
        from assistant.cli.wiring import open_workspace
        from assistant.unlock.unlock import Unlocking

        keys = Unlocking(self.settings, self.output, without_passphrase=self.without_passphrase)
        return open_workspace(self.settings, keys, create=self.new_library)


def command_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--data-dir`, `--library`, `--threads`, `--json`, `--allow-degraded`.

    In the real process, the command's body runs locked down. Its first argument is an
    `Invocation`. An `AssistantError` ends the process with that error's exit code after it
    was shown.
    """

    @click.option(
        "--data-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder with library, key, models and config.toml [default: ASSISTANT_DATA_DIR,"
        " or the platform's place for user data].",
    )
    @click.option("--library", metavar="NAME", help="Library to use [default: library].")
    @click.option("--threads", type=click.IntRange(1, 512), help="Threads for the models.")
    @click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
    @click.option(
        "--allow-degraded",
        "word",
        metavar=f'"{ACCEPTED}"',
        help="Run although this system can't enforce all of the lockdown; shown and logged.",
    )
    @functools.wraps(function)
    def wrapped(
        *args: Any,
        data_dir: Path | None,
        library: str | None,
        threads: int | None,
        as_json: bool,
        word: str | None,
        **kwargs: Any,
    ) -> None:
        output = Output(as_json=as_json)
        with reporting(output):
            settings = load_settings(data_dir.absolute() if data_dir else None)
            settings = settings.with_changes(library=library, threads=threads)
            context = click.get_current_context()
            lock(context, settings, output, word)
            opener = context.find_root().obj
            function(Invocation(settings, output, opener), *args, **kwargs)

    return wrapped


class reporting:  # noqa: N801 - reads as a word in `with reporting(output)`
    """Context manager that shows whatever goes wrong and exits with its code."""

    def __init__(self, output: Output) -> None:
        self.output = output

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BrokenPipeError):
            # The reader (head, less) has enough. Keep Python from failing again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        if isinstance(error, Exception) and not isinstance(error, click.exceptions.Exit):
            failure = as_assistant_error(error)
        elif isinstance(error, KeyboardInterrupt):
            failure = Cancelled()
        else:
            return
        self.output.fail(failure)
        sys.exit(failure.exit_code)


def as_assistant_error(error: Exception) -> AssistantError:
    """Give any exception the form in which errors are shown.

    What we did not foresee shows its type and place only: the message of a foreign
    exception may hold the text of a document.
    """
    if isinstance(error, AssistantError):
        return error
    if isinstance(error, click.ClickException):
        return UsageError(error.format_message(), hint="See: assistant --help")
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return AssistantError(
            f"The system refused: {reason}.", hint="Check the disk and the output, then try again."
        )
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}:{frame.lineno}"
    return AssistantError(
        f"{type(error).__name__} at {place}.",
        title="Unexpected error",
        hint="This is a fault of the program; nothing that was stored is lost. Please report it.",
    )
