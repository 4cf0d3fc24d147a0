"""The Satisfaction page's parts: ratings counted with their intervals, and what is drawn of them.

Reader → sums.py → rated.py (figures with intervals) → answer.py (all the page shows, cached), with
tickets.py for the contacts and reviews themselves; then tiles.py, standout.py and panels.py with
their frames, charts and sheets. The arithmetic of intervals is metrics/satisfaction.py's.
"""
