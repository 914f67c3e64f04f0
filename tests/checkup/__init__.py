"""Checking the way to the controller."""
