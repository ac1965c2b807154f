"""Programs that are shared by the models of one test only."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

from modelwizard.engine import reuse


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> OrderedDict[str, Any]:
    kept: OrderedDict[str, Any] = OrderedDict()
    monkeypatch.setattr(reuse, "SHARED", kept)
    monkeypatch.setattr(reuse, "REFUSED", set())
    return kept
