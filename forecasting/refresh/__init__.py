"""Making forecasts of every series in the store: tasks, where they run, runs of the jobs."""
