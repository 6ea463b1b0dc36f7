"""Measurements, as ratios within one run: absolute figures differ by machine and by the hour."""
