"""All passages in one prompt: the model sees them side by side and compares them itself."""

from __future__ import annotations

from collections.abc import Iterator
from types import GeneratorType

from assistant.answering.confidence import Evidence, judge
from assistant.answering.course import Course, Task
from assistant.answering.prompt_budget import Plan, plan_prompt
from assistant.answering.repetition import loop_end
from assistant.prompts import REFUSAL
from assistant.types import AnswerEvent, Generated, Quoted, Sampling


class Together:
    """Asks once. A RAFT-tuned model was trained on prompts of this very shape."""

    passages = 0

    def read(self, task: Task, course: Course) -> Iterator[AnswerEvent]:
        task.cancel.raise_if_cancelled()
        plan = plan_prompt(
            task.question, task.hits, task.scored, task.chat, task.settings, task.style
        )
        course.plan = plan
        pieces = _written(plan, task, course)
        try:
            for piece in pieces:
                course.speaks()
                course.written += piece
                yield Generated(piece)
                end = loop_end(course.written)
                if end is not None:
                    course.written = course.written[:end]
                    course.looped = True
                    break
                task.cancel.raise_if_cancelled()
        finally:
            if isinstance(pieces, GeneratorType):
                pieces.close()


def _refused(plan: Plan, task: Task, course: Course, quoted: Quoted) -> bool:
    """Decide whether the quote is not given, and keep how sure it is."""
    if course.result is None:
        raise AssertionError("nothing is read before it is searched for")
    evidence = Evidence(task.question, course.result, task.scored, plan.passages, quoted)
    judged = judge(evidence, task.chat.calibration)
    course.confidence = judged.confidence
    return judged.refused


def _written(plan: Plan, task: Task, course: Course) -> Iterator[str]:
    """Let the model write, as it was tuned to: freely, or a quote or nothing else."""
    chat = task.chat
    if chat.calibration.quotes_only and plan.passages:
        quoted = chat.quote(
            plan.prompt,
            [window.text for window in plan.passages],
            REFUSAL,
            task.cancel,
            max_tokens=plan.max_answer_tokens,
        )
        course.quoted = quoted
        yield REFUSAL if _refused(plan, task, course, quoted) else f'"{quoted.text}"'
        return
    sampling = Sampling(
        max_tokens=plan.max_answer_tokens,
        temperature=task.settings.temperature,
        first_bias=chat.calibration.first_bias(REFUSAL),
    )
    yield from chat.generate(plan.prompt, sampling, task.cancel)
