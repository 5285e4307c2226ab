"""The core: records in, contacts with their proof out; no files, no clock, no chance."""
