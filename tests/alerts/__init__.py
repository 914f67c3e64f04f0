"""Alerts: what is told, when, and how it survives."""
