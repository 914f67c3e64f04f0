"""The portal as most would write it first: a stock admin that calls the controller as it saves.

A project of its own: Django's defaults, its own table, its own settings, nothing of the portal's.
"""
