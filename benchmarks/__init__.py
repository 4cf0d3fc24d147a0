"""The promised figures, measured on this machine: `make bench`, or `python -m benchmarks NAME …`.

Figures depend on the machine and its load: every line shows what was promised beside what was seen.
Nothing here is a test; no timing decides whether the project is green.
"""
