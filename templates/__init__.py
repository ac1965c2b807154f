"""Finished files of generated projects, copied by `modelwizard.scaffold`."""
