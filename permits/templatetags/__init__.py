"""What templates and lists draw with."""
