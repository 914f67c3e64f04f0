"""The limits of the controller's API, tried with whatever people and files may hold."""
