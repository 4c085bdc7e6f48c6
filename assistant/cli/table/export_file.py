"""Write a table to a file outside the encrypted library."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from assistant.cli.table.table_schema import table_json
from assistant.console.json_output import plain
from assistant.errors import UsageError
from assistant.tabular.export import WRITERS, grid_as
from assistant.types import Workspace
from assistant.types.tabular import Grid
from assistant.whole_file import write_in_place

_KINDS = ("json", *WRITERS)


def check_target(path: Path | None, *, overwrite: bool) -> None:
    if path is None:
        return
    if path.suffix.lower()[1:] not in _KINDS:
        with suppress(OSError):
            if path.stat().st_size == 0:  # made just now, for the lockdown
                path.unlink()
        raise UsageError(
            f"'{path.name}' has no ending that says what to write.",
            hint=f"Endings are: {', '.join(f'.{kind}' for kind in _KINDS)}.",
        )
    if not overwrite and path.exists() and path.stat().st_size:
        raise UsageError(f"{path} holds something.", hint="Say --overwrite to replace it.")


def export_grid(workspace: Workspace, grid: Grid, path: Path) -> None:
    workspace.note_export("table", len(grid.rows), [row.document.id for row in grid.rows])
    kind = path.suffix.lower()[1:]
    if kind == "json":
        data = json.dumps(plain(table_json(grid)), ensure_ascii=True, indent=1).encode() + b"\n"
    else:
        data = grid_as(kind, grid)
    write_in_place(path, data, "Make room or name another file; the table is as it was.")
