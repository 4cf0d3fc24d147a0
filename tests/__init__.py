"""Tests, and the real servers they and the benchmarks run against."""
