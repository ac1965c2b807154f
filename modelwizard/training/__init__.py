"""What a job does with a project: trials, folds, production, sealed rows, references."""
