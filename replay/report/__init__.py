"""Report: what a drill showed, as one page for people: what was found, how fast, what it cost, what to do about it."""
