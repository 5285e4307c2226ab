"""The lake: what was read and what follows from it, on disk, whole at every instant."""
