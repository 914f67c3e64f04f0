"""How often the evidence for a push in doubt points right, wrong or nowhere, over a made-up past.

    python -m tests.simulation [--permits 100000] [--zones 40] [--pulls 300] [--seed 1]

    past      a seeded history in a real database: permits, calls, faults, decisions, beliefs
    worlds    what the controller then really held, with others' traffic or without, and its counts
    verdict   the evidence of every push in doubt, held against what really happened

What is believed at each pull is written by the portal's own code as the history goes on; so are
the comparison of the counts and the evidence.
"""
