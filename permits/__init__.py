"""Parking permits, and their way to the OPS-COM Controller and back."""
