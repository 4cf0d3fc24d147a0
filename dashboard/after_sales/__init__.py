"""The after-sales page: what is open and how old, beside the frame's usual sections."""
