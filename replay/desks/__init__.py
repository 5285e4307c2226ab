"""Desks: what each department writes down of a day in the city."""
