"""The walk through the stages: gate → run → judge → record → say what is next. Knows no terminal and no Keras."""

from modelwizard.walk.features import run_features
from modelwizard.walk.inspect import audit, check, predict, report, status
from modelwizard.walk.stage import next_stage, run_all, run_stage

__all__ = ["audit", "check", "next_stage", "predict", "report", "run_all", "run_features", "run_stage", "status"]
