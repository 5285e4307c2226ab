"""The wave: who infects whom, who is found, and what is done about it."""
