"""What people do in a real browser, from the first click to what the controller received."""
