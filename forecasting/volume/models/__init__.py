"""The candidate models, one file each, behind the protocol of `forecaster`."""
