"""The mark at the right of every header: what keeps this process off the network."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from assistant import lockdown
from assistant.lockdown import Tier
from assistant.tui import safe_content

TIERS: dict[Tier, tuple[str, str]] = {
    "kernel": ("offline", "the kernel denies this app the network, other programs and other files"),
    "sandbox": ("offline", "the system's sandbox denies this app the network and other files"),
    "reduced": ("PARTLY LOCKED", "this system can't deny everything, which was accepted"),
    "none": ("NOT LOCKED", "nothing is denied to this app on this system"),
}
"""(the mark, what it means)"""

_WIDE = 96


class MarkedHead(Horizontal):
    """The first line of a screen: what it shows, in the Static called `name`, and the mark."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__(classes="marked-head")
        self._about = Static(safe_content.line(text, "$foreground-muted"), id=name)

    def compose(self) -> ComposeResult:
        yield self._about
        yield LockMark()


class LockMark(Static):
    """Says which lockdown is in force; a click shows what that means."""

    def __init__(self) -> None:
        super().__init__(classes="lock-mark")

    def render(self) -> Content:
        tier = tier_in_force()
        safe = tier in ("kernel", "sandbox")
        mark = TIERS[tier][0]
        if safe and self.app.size.width >= _WIDE:
            mark = f"{mark}: {tier} lock"
        return safe_content.line(mark, "$text-success" if safe else "bold $text-error")

    async def on_click(self) -> None:
        await self.app.run_action("lockdown")


def tier_in_force() -> Tier:
    report = lockdown.current()
    return "none" if report is None else report.tier
