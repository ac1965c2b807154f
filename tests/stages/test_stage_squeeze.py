"""What the probes say: how far seeds scatter, a temperature, a threshold, and how it is told."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from stage_builders import VALIDATION, Y, Z, net

from modelwizard import words
from modelwizard.stages import squeeze
from modelwizard.stages.inputs import Validation

RARE = (np.random.default_rng(3).random(len(Z)) < 1 / (1 + np.exp(2.5 - Z))).astype(float)[:, None]

NOISE = np.random.default_rng(4).normal(size=(3, *Z.shape))


def probes(sharpness, shift=0.0, validation=VALIDATION):
    """Return three runs that know the true log-odds, make them sharper, and differ in a little noise."""
    return [net(f"finalize-00{i}", sharpness, [0.2], seed=i, z=Z + shift) for i in (1, 2, 3)]


def test_overconfident_probes_get_a_temperature_and_a_ranking_no_threshold():
    found = squeeze.decide(VALIDATION, probes(3.0))
    assert 2 < found.divide_by < 4
    assert found.threshold is None
    assert found.looks == {"temperature": 1}
    assert words.say(found.told()["temperature"]).startswith(
        f"temperature {found.divide_by:.2f}: the averaged prediction was over"
    )


def test_calibrated_probes_are_left_alone():
    found = squeeze.decide(VALIDATION, probes(1.0))
    assert found.divide_by == 1
    assert found.say_from == 0.5
    assert found.told()["temperature"].id == "squeeze.no_temperature"


def test_one_probe_is_judged_together_with_other_trials():
    one, *rest = [net(f"run-{i}", 1.0, [0.2], seed=i, z=Z + 2 * noise) for i, noise in enumerate(NOISE)]
    alone, beside = squeeze.decide(VALIDATION, [one]), squeeze.decide(VALIDATION, [one], rest)
    assert alone.divide_by > 1.5  # each is surer than its noise allows
    assert 1 <= beside.temperature.value < 0.8 * alone.divide_by
    assert beside.noise.seeds == 0  # what other settings do is no scatter of seeds


def test_a_rare_label_is_said_earlier_when_the_metric_is_about_labels():
    rows = dataclasses.replace(VALIDATION, y=RARE, metric="f1")
    found = squeeze.decide(rows, probes(1.0, shift=-2.5))
    assert found.say_from < 0.45
    assert found.looks["threshold"] > 50
    assert words.say(found.told()["threshold"]).startswith(f"decision threshold {found.say_from:.3f}: F1 gains 0.")


@pytest.mark.parametrize("seeds", [3, 1])
def test_the_noise_floor_needs_several_seeds(seeds):
    found = squeeze.decide(VALIDATION, probes(1.0)[:seeds])
    assert ("noise" in found.told()) == (seeds == 3)
    each = [VALIDATION.score(run.predictions(0)) for run in probes(1.0)]
    if seeds == 3:
        assert found.noise.sd == pytest.approx(np.std(each, ddof=1))


def test_amounts_have_neither():
    rows = Validation("regression", "mse", "rmse", Z[:, None])
    found = squeeze.decide(rows, probes(1.0))
    assert found.temperature is None
    assert found.looks == {"temperature": 0}
    assert list(found.told()) == ["noise"]


@pytest.mark.parametrize("metric", ["roc_auc", "f1"])
@pytest.mark.parametrize("seeds", [3, 1])
def test_it_is_plain_json_and_comes_back(metric, seeds):
    found = squeeze.decide(dataclasses.replace(VALIDATION, y=Y, metric=metric), probes(2.0)[:seeds])
    text = json.dumps(found.record(), allow_nan=False)
    again = squeeze.restore(json.loads(text))
    assert (again.divide_by, again.say_from) == (found.divide_by, found.say_from)
    assert again.told() == found.told()
