"""Faults: what goes wrong between a department and us, done to a drill's sheets on purpose; catalogue.py lists them."""
