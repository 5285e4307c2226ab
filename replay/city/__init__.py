"""The city: who lives, works and learns where, and what they do all day; numpy columns, seeded."""
