"""The rules: each a small function from a case to what it found. Importing this enters them all in the list."""

from __future__ import annotations

from modelwizard.checks.rules import (
    contract_head,
    contract_labels,
    contract_loss,
    data_rows,
    data_scale,
    data_splits,
    dynamics,
    sanity,
    settings,
    structure_layers,
    structure_maps,
    structure_weights,
)

ROOMS = (
    contract_head,
    contract_loss,
    contract_labels,
    structure_layers,
    structure_maps,
    structure_weights,
    settings,
    data_scale,
    data_rows,
    data_splits,
    dynamics,
    sanity,
)
