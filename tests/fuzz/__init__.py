"""Real messages, spoilt in every way we could think of, through every decoder: see campaign.py.

CI runs 1,000 for each decoder (test_decoders.py). By hand:
`python -m tests.fuzz --decoder senml --count 100000 --seed 1`.
"""
