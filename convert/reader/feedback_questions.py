"""Reading samples of what people said of the laptop's answers: their questions, right answers.

The rows are those of `assistant feedback export --training` (`assistant.feedback.export_rows`).
"""

from __future__ import annotations

from pathlib import Path

from assistant.errors import UsageError
from convert.dataset.row_conversion import answer_spans
from convert.dataset.row_readers import read_rows
from convert.reader.reading_samples import ReadingSample


def feedback_samples(path: Path) -> list[ReadingSample]:
    """Return a sample for each row, in the file's order.

    An answer that stands in its context several times is learned at its first place. Raises
    `UsageError` naming the line of a row without question or context, and of an answer that
    is not in the context.
    """
    found = []
    for where, row in read_rows(path, "jsonl"):
        question, context = row.get("question"), row.get("context")
        for name, text in (("question", question), ("context", context)):
            if not isinstance(text, str) or not any(map(str.isalnum, text)):
                raise UsageError(
                    f"{where}: there is no {name}.",
                    hint="Export the feedback: assistant feedback export --training FILE",
                )
        try:
            spans = answer_spans(row.get("answer"), str(context))
        except UsageError as error:
            raise UsageError(f"{where}: {error.message}.", hint=error.hint) from error
        except (TypeError, AttributeError) as error:
            raise UsageError(f"{where}: the answer is no text.") from error
        answer = spans[0] if spans else None
        kind = "feedback" if answer else "feedback, unanswerable"
        near = answer[0] if answer else len(str(context)) // 2
        found.append(ReadingSample(kind, str(question), str(context), answer, near))
    return found
