"""How the tests are spread over this machine."""

from __future__ import annotations

import pytest


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """None in parallel where real components are asked for: each worker would start daemons and guests of its own."""
    return 0 if config.getoption("markexpr") == "real" else None
