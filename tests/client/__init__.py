"""What the controller's client does over real sockets, whatever answers there."""
