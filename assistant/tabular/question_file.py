"""Read the questions of a grid: a TOML file, a text file, or a template that we ship.

In TOML each question is a table `[[column]]` with `question`, and perhaps `name`, `type` and
`clause`; in a text file it is a line, "Name: question" or the question alone, and
"Name [date]: question" says the type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from assistant.errors import UsageError
from assistant.strict_reader import BadInputError, Meta, read_file, read_toml, refused
from assistant.tabular.clause_words import clause_words
from assistant.types.tabular import COLUMN_TYPES, Column, ColumnType

TEMPLATES = Path(__file__).with_name("templates")
MOST_COLUMNS = 200
_LARGEST = 1 << 20
_LONGEST_NAME = 80
_HINT = "docs/tables.md shows what such a file looks like; templates: assistant table templates"

_LINE = re.compile(
    r"(?:(?P<name>[^:?\[\]]{1,80}?)\s*(?:\[(?P<type>[a-z/ -]+)\])?\s*:\s+)?(?P<asked>.+)"
)

_Text = Annotated[str, Meta(max_length=4_000)]


@dataclass(frozen=True, slots=True)
class _Column:
    question: _Text
    name: _Text = ""
    type: ColumnType = "text"
    clause: _Text = ""


@dataclass(frozen=True, slots=True)
class _File:
    column: Annotated[list[_Column], Meta(max_length=MOST_COLUMNS)] = field(default_factory=list)
    title: str = ""


def template_names() -> list[str]:
    """Return the names of the templates that we ship."""
    return sorted(path.stem for path in TEMPLATES.glob("*.toml"))


def read_questions(given: str) -> tuple[Column, ...]:
    """Return the columns of a file or of the template with that name.

    Raises `UsageError` that names the place: a file that can't be read, a type that there is
    not, a question without a letter, a name that stands twice, no question at all.
    """
    own = TEMPLATES / f"{given}.toml" if given in template_names() else None
    path = own or Path(given)
    with refused(UsageError, f"'{given[:200]}'", hint=_HINT):
        data = read_file(path, _LARGEST)
        if path.suffix.lower() == ".toml":
            columns = read_toml(data, _File).column
            found = [Column(c.name, c.question, c.type, c.clause) for c in columns]
        else:
            found = _lines(data)
        return checked(found)


def checked(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Name the columns that have no name, and refuse those that can't be told apart.

    Raises `BadInputError`.
    """
    if not 0 < len(columns) <= MOST_COLUMNS:
        raise BadInputError(f"it has {len(columns)} questions; 1 to {MOST_COLUMNS} can be asked")
    named: dict[str, Column] = {}
    asked: dict[tuple[str, str], int] = {}
    for number, column in enumerate(columns, 1):
        question = " ".join(column.question.split())
        name = " ".join(column.name.split()) or question[:_LONGEST_NAME]
        if not any(map(str.isalnum, question)):
            raise BadInputError(f"question {number} is empty")
        if not (question + name).isprintable():
            raise BadInputError(f"question {number} holds a character that can't be shown")
        if column.clause and column.clause not in clause_words().clauses:
            known = ", ".join(clause_words().clauses)
            raise BadInputError(
                f"question {number}: the words of no clause '{column.clause[:_LONGEST_NAME]}' are "
                f"known, but those of {known}"
            )
        if name.casefold() in named:
            raise BadInputError(f"two questions are called '{name[:_LONGEST_NAME]}'")
        first = asked.setdefault((question.casefold(), column.type), number)
        if first != number:
            raise BadInputError(f"questions {first} and {number} are the same")
        named[name.casefold()] = Column(name, question, column.type, column.clause)
    return tuple(named.values())


def _lines(data: bytes) -> list[Column]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInputError(f"byte {error.start + 1} is no UTF-8") from None
    found: list[Column] = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        match = _LINE.fullmatch(plain) if plain and not plain.startswith("#") else None
        if match is None:
            continue
        kinds = [
            t for t in COLUMN_TYPES if t == (match["type"] or "text").strip().replace("/", "-")
        ]
        if not kinds:
            types = ", ".join(COLUMN_TYPES)
            raise BadInputError(f"line {number}: there is no type '{match['type']}' ({types})")
        found.append(Column(match["name"] or "", match["asked"], kinds[0]))
    return found
