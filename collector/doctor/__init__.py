"""`fieldproof doctor`: one file for each thing that is looked at. Each only looks, or cleans up after itself."""
