"""A portal under fire: many people at once, a lying controller, and a power cut every few seconds.

    python -m tests.chaos --seed 7 --permits 2000 --database postgres --consumers 3

Real processes on a database of their own: a sandbox with its journal, the web server, workers,
clients. When the fire is out and everything is healthy again, the sandbox's own ledger is held
against the portal's database. See docs/chaos.md.

    plan        what one run is made of, and the command that repeats it
    faults      what the controller does wrong
    programs    the processes, and how each is started and ended
    killer      who ends them
    clients     the process of the clients:  pages  people at their browsers,  tools  everything
                else;  wishes  what they make up,  forms  what a page asks,  diary  what they note,
                truth  what they find when they look on the controller
    rest        from the fire to a portal at rest
    evidence    everything that is known at the end
    verdict     what must hold:  standing  of permits,  calls  of requests and attempts,
                doubts  of what nobody knows,  traces  of logs and records
    story       one run from start to end
"""
