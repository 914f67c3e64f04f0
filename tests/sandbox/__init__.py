"""What the sandbox promises, over real sockets to a real process."""
