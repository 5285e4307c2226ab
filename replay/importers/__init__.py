"""Importers: published outbreaks and one's own files become a folder of records, with a report on every row.

In: a folder of a published set. Out: `src.<department>.<record>.ndjson`, side tables, `import-report.json`.
Invariant: the same set gives the same bytes; people are numbers with the set's prefix.
Deliberately absent: free text, re-identification, and any judgement of who is a contact.
"""

from __future__ import annotations

from collections.abc import Callable

from replay.importers.ds4c import import_ds4c
from replay.importers.invs15 import import_invs15
from replay.importers.itineraries import import_itineraries
from replay.importers.outbreak_csv import import_csv
from replay.importers.rail import import_rail, read_timetable
from replay.importers.report import Report
from replay.importers.taiwan import import_taiwan
from replay.importers.tianjin_singapore import import_tianjin_singapore

IMPORTERS: dict[str, Callable[..., Report]] = {
    "ds4c": import_ds4c,
    "invs15": import_invs15,
    "itineraries": import_itineraries,
    "rail": import_rail,
    "taiwan": import_taiwan,
    "tianjin-singapore": import_tianjin_singapore,
}
"""By the name of the set: `importer(source, out, **options)`; options are keyword arguments with defaults.
One's own files have another signature, `import_csv(cases, presences, links, out)`, and stand beside it."""

__all__ = ["IMPORTERS", "Report", "import_csv", "read_timetable"]
