"""Everything that imports Keras; runs in a child process of the wizard."""
