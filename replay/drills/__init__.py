"""Drills: files that say what a rehearsal is made from. One file a drill; docs/drills.md says how to write one."""
