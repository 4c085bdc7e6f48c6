"""The command palette: every action of the app by its name."""

from __future__ import annotations

from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

COMMANDS: tuple[tuple[str, str, str], ...] = (
    ("Ask a question", "Go to the question box", "in('chat', 'ask')"),
    ("Cancel the answer", "Stop the model and keep what there is", "in('chat', 'stop')"),
    ("Ask the last question again", "As it was", "in('chat', 'ask_again')"),
    ("Edit the last question", "Change it and ask again", "in('chat', 'edit')"),
    ("Judge the answer", "Say whether it is right, and correct it", "in('chat', 'judge')"),
    (
        "Change how passages are read",
        "Together, one by one, as a list",
        "in('chat', 'next_reading')",
    ),
    (
        "New conversation",
        "Clear the questions and answers on the screen",
        "in('chat', 'new_conversation')",
    ),
    ("Conversations", "Go on with one that the library keeps", "in('chat', 'conversations')"),
    (
        "Leave nothing of this conversation",
        "Delete what is kept of it, and keep no more",
        "in('chat', 'leave_nothing')",
    ),
    ("Show passages", "Go to the passages of the last answer", "in('chat', 'show_passages')"),
    ("Show the library", "All documents, with what was added last", "in('library')"),
    ("Add documents", "Choose files or a folder", "add_documents"),
    ("Stop adding documents", "What is stored already stays", "in('library', 'stop')"),
    (
        "Forget a document",
        "Erase the selected document from the library",
        "in('library', 'forget')",
    ),
    ("Switch between light and dark", "Change the theme", "toggle_dark"),
    ("Tables", "The same questions to many documents", "tables"),
    ("Review drafted questions", "Keep, mend or drop questions for `eval`", "review"),
    ("Lock the library", "Take it off the screen until the passphrase is given", "lock"),
    ("Prove that it is offline", "What is locked, tried again now", "lockdown"),
    ("Help", "Keys and marks", "help"),
    ("Quit", "Cancel what runs, close the library and leave", "quit"),
)
"""(name, help, action of the app)"""


class AssistantCommands(Provider):
    """Offers `COMMANDS`; nothing from documents gets in here."""

    async def discover(self) -> Hits:
        for name, help_text, action in COMMANDS:
            yield DiscoveryHit(name, self._runner(action), help=help_text)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, help_text, action in COMMANDS:
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), self._runner(action), help=help_text)

    def _runner(self, action: str) -> IgnoreReturnCallbackType:
        return partial(self.app.run_action, action)
