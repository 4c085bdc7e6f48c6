"""Read each source by its format: articles, conversations, and the rows that are wrong."""

from __future__ import annotations

from dataclasses import replace

from assistant.errors import UsageError
from convert.dataset.articles import Article
from convert.dataset.cuad import read_cuad
from convert.dataset.data_files import require_path
from convert.dataset.dataset_report import Report
from convert.dataset.pubmedqa import read_pubmedqa
from convert.dataset.row_conversion import Loaded, load_rows
from convert.dataset.row_readers import read_rows
from convert.dataset.settings import SourceSettings
from convert.dataset.squad import read_squad

SHAPES = {"squad": read_squad, "cuad": read_cuad, "pubmedqa": read_pubmedqa}


def load_source(
    source: SourceSettings, number: int, report: Report, *, skip_bad_rows: bool
) -> Loaded:
    """Read one source. Raises `UsageError` naming file and line for what can't be read.

    With `skip_bad_rows` a row that is readable but unusable goes into the report instead.
    """
    require_path(source.path)
    if source.format in SHAPES:
        articles = SHAPES[source.format](source.path)
        return Loaded(articles=_marked(articles, source, number))

    def problem(place: str, what: str) -> None:
        if not skip_bad_rows:
            raise UsageError(
                f"{place}: {what}.",
                hint="Mend the row, or leave such rows out with --skip-bad-rows.",
            )
        report.bad_rows.append((place, what))

    rows = read_rows(source.path, source.format)
    loaded = load_rows(rows, source.columns, source.label, problem)
    loaded.articles = _marked(loaded.articles, source, number)
    return loaded


def _marked(articles: list[Article], source: SourceSettings, number: int) -> list[Article]:
    return [replace(article, source=number, mixed=source.mixed) for article in articles]
