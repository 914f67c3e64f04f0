"""The history cannot be changed in silence, and what was changed past every guard is named."""
