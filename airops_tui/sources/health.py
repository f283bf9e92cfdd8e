"""One endpoint as a source: asked on its own beat, so that one which hangs keeps nobody waiting."""

from __future__ import annotations

from dataclasses import dataclass, field

from airops_tui.config.settings import HealthRule
from airops_tui.model import Health
from airops_tui.probes.dial import QUEUE_SECONDS, Dialer
from airops_tui.probes.http import look

_MARGIN = 1.0  # seconds; the look keeps its own deadline and says more when it misses it


@dataclass(slots=True)
class HealthSource:
    """Looks at one endpoint by its rule. A failed look is data, not an error: it says what failed."""

    name: str
    rule: HealthRule
    dialer: Dialer
    every: float
    deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self.deadline = QUEUE_SECONDS + self.rule.timeout + _MARGIN

    async def read(self) -> Health:
        """Look once."""
        return await look(self.rule, self.dialer)
