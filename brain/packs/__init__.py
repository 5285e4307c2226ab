"""The policy packs that ship with the engine, one TOML file each; streams/packs.py reads them."""
