"""How fast, how light and how patient the portal is, against what is wanted of it.

    python -m tools.bench [--only NAME] [--write FILE] [--list]

`make bench` runs all, `make bench ONLY=sending` one section, `ONLY=sending.pages` one part of it.
Everything runs as it does in earnest: the portal's own programs as processes, on databases of their
own, against the sandbox. The exit code is 1 where a wanted value is missed.

A benchmark is a function that returns a table; `tools.bench.__main__` lists them.
"""
