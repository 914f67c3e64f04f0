"""The controller's counts against ours: what fits, what does not, and what it proves."""
