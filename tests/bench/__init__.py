"""`make bench`: ratios taken in one run. One file for each measurement, listed in `__main__`."""
