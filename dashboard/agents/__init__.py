"""The agents page: what each agent did, and who differs clearly from what their queues explain.

counting.py turns KPI values into counts by agent and kind of work, scorecard.py loads them and has
them compared (metrics/fairness.py). Drawing: table.py and cells.py, comparison.py, files.py.
"""
