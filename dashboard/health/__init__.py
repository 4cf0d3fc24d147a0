"""What machines ask the web server: is it ready, and the figures of the watch."""
