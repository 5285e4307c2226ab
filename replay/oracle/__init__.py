"""The oracle: the current view of a whole history at once, in plain SQL, to judge the brain by.

In: every record and fact there ever was, in any order, and the policy packs. Out: the raw tables of schemas/views.py.
Invariant: the answer depends on the set of records alone; each .sql file is one section of docs/rules.md, in its words.
Deliberately absent: anything of brain/, and anything incremental.
"""

from replay.oracle.answer import answer

__all__ = ["answer"]
