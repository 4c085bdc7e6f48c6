"""The dialog that shows what is locked, and tries it again while the person looks on."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from assistant import lockdown
from assistant.lockdown import Facility, Results
from assistant.text.counted import counted
from assistant.tui import safe_content
from assistant.tui.widgets.lock_mark import TIERS, tier_in_force

_STYLES = {"on": "$text-success", "partial": "$text-warning"}
_PROOF = (
    "The whole proof, signed and with controls that must get out, starts other programs, which "
    "this app is denied for good. Leave it and type: assistant prove-offline"
)
_NOTHING = "The lockdown is put in force by the real command: assistant"


class LockdownDialog(ModalScreen[None]):
    """Shows the report of this process. The ways out are tried in the app itself, on opening."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,f10", "dismiss(None)", "Close"),
        Binding("r", "try_again", "Try again"),
    ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(safe_content.line(headline()), classes="dialog-title")
            with VerticalScroll(classes="dialog-body"):
                yield Static(facilities(), id="lockdown-facilities")
                yield Static(id="lockdown-tried", classes="hint")
                yield Static(safe_content.block(_PROOF, "$foreground-muted"), classes="hint")
            yield Static(
                safe_content.line("R: try again   Escape: close", "$foreground-muted"),
                classes="dialog-foot",
            )

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self.action_try_again()

    def action_try_again(self) -> None:
        self._say(safe_content.line("Trying the ways out ...", "$foreground-muted"))
        self._try()

    @work(thread=True, exclusive=True)
    def _try(self) -> None:
        results = lockdown.try_sockets()
        self.app.call_from_thread(self._say, tried(results))

    def _say(self, content: Content) -> None:
        self.query_one("#lockdown-tried", Static).update(content)


def headline() -> str:
    tier = tier_in_force()
    return f"{TIERS[tier][0].capitalize()}: {TIERS[tier][1]}"


def facilities() -> Content:
    """Return a line for each means of enforcement, and for each probe that got through."""
    report = lockdown.current()
    if report is None:
        return safe_content.block(_NOTHING, "$text-error")
    lines = [_facility(facility) for facility in report.facilities]
    lines.append(
        safe_content.block(
            f"At the start {counted(report.probes, 'way')} out were tried; "
            f"{len(report.failed) or 'none'} got through."
        )
    )
    return safe_content.lines(lines)


def _facility(facility: Facility) -> Content:
    style = _STYLES.get(facility.state, "$text-error")
    return safe_content.join((f"{facility.state}  ", style), f"{facility.name}: {facility.detail}")


def tried(results: Results) -> Content:
    count, through = len(results.tried), results.through
    if not through:
        return safe_content.block(
            f"Tried just now, from this app: {counted(count, 'way')} out, none got through.",
            "$text-success",
        )
    named = ", ".join(through[:5])
    return safe_content.block(
        f"Tried just now: {len(through)} of {counted(count, 'way')} out got through ({named}).",
        "bold $text-error",
    )
