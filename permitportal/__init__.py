"""The project: its settings, its addresses and its door for the web server."""
