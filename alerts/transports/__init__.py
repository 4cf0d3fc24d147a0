"""One file per way of sending; kinds.py lists them."""
