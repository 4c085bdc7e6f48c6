"""Options that every command takes, and the context in which a command runs."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from assistant import termination
from assistant.cli.sandbox import ACCEPTED, is_real_process, lock
from assistant.config import Settings, load_settings
from assistant.console.interrupt import undisturbed
from assistant.console.output import Output
from assistant.console.reporting import reporting
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
            with undisturbed():
                opened.close()

    def open_app(self, review: Path | None = None) -> None:
        """Run the app on the library until the person leaves it, then exit.

        It begins with the review of the drafted questions in the file `review`, if there is one.
        """
        from assistant.tui.app import AssistantApp

        if self.opener is not None:
            screen = AssistantApp(self._open, review=review)
        else:
            from assistant.cli.library_lock import open_library_lock
            from assistant.cli.wiring import open_workspace

            library_lock = open_library_lock(
                self.settings, self.output, without_passphrase=self.without_passphrase
            )
            minutes = self.settings.auto_lock_minutes
            screen = AssistantApp(
                lambda: open_workspace(self.settings, library_lock),
                library_lock=library_lock,
                lock_minutes=minutes,
                keep_conversations=self.settings.keep_conversations,
                review=review,
            )
        screen.run()
        sys.exit(screen.return_code or 0)

    def _open(self) -> Workspace:
        if self.opener is not None:
            return self.opener(self.settings)
        from assistant.cli.wiring import open_workspace
        from assistant.unlock.unlock import LibraryUnlocker

        keys = LibraryUnlocker(
            self.settings, self.output, without_passphrase=self.without_passphrase
        )
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
            with termination.watching(1, 2) if is_real_process() else nullcontext():
                function(Invocation(settings, output, opener), *args, **kwargs)

    return wrapped
