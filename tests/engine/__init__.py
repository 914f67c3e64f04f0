"""Claim, call, record, recover, resolve: over a real database, and to a real controller."""
