"""Transfers: the world that answers a dispatcher's decisions: vehicles, crews, sites, receipts, and what goes wrong."""
