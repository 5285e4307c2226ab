"""The commands of `brain`, one file for each group; each reads arguments, calls a room, and prints."""
