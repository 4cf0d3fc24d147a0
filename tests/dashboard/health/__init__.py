"""What machines ask the web server."""
