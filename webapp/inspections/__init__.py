"""Walkthroughs: what a template may say, how rows from phones are recorded, and when a walkthrough is complete."""
