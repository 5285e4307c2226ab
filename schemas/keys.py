"""Names become numbers: keyed pseudonyms of identifiers and places, and ids of records and contacts.

In: identifier kinds and values, place texts, record ids. Out: positive 63-bit integers and their text forms.
Invariant: a token depends on the key and the value alone, never on the order of arrival.
Deliberately absent: any way back from a token to a value; the key holder recomputes the token instead.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

IDENTIFIER_KINDS = ("resident_id", "passport", "person_no", "phone", "code_token", "transit_card", "plate")
"""Every kind of identifier, by rank. The rank sits in the top bits of a token, so the smallest token of a
person's identifiers is of the most lasting kind."""
ANCHOR_KINDS = IDENTIFIER_KINDS[:3]
"""Kinds that *are* a person for life; the others are carried by one for a time."""
PHONE_RANK = IDENTIFIER_KINDS.index("phone")
RANK_SHIFT = 60
_HASH_MASK = (1 << RANK_SHIFT) - 1
_POSITIVE = (1 << 63) - 1
_PUBLISHED = re.compile(r"[PL][0-9a-fA-F]{16}")


@dataclass(frozen=True)
class Key:
    """The secret behind all pseudonyms of one lake, kept outside it.

    Collisions: 60 bits for identifiers; with the 2.6 million identifiers of a district of 650,000 people the
    odds that any two of them ever share a token are 3 in a million.
    """

    key_id: str
    secret: bytes = field(repr=False)

    @staticmethod
    def create() -> Key:
        """A new key. The only place of the product where randomness enters; called by the composition root."""
        return Key(key_id=f"k{secrets.token_hex(3)}", secret=secrets.token_bytes(32))

    @staticmethod
    def from_json(text: str) -> Key:
        """The key of a key file. Errors: ValueError naming what is missing."""
        try:
            body = json.loads(text)
            key = Key(key_id=str(body["key_id"]), secret=bytes.fromhex(body["secret"]))
        except (ValueError, KeyError, TypeError) as error:
            hint = 'a key file is JSON with "key_id" and "secret" (64 hex digits); `brain run` makes one'
            raise ValueError(f"not a key file ({type(error).__name__}): {hint}") from None
        if len(key.secret) != 32:
            raise ValueError("the key's secret must be 64 hex digits (32 bytes)")
        return key

    def to_json(self) -> str:
        return json.dumps({"key_id": self.key_id, "secret": self.secret.hex()}) + "\n"

    def _hash(self, label: bytes, text: str) -> int:
        digest = hashlib.blake2b(text.encode(), digest_size=8, key=self.secret, person=label).digest()
        return int.from_bytes(digest, "big")

    def identifier(self, kind: str, value: str) -> int:
        """The token of a normalised identifier: 3 bits of kind rank, 60 bits of keyed hash."""
        return IDENTIFIER_KINDS.index(kind) << RANK_SHIFT | self._hash(b"identifier", f"{kind}:{value}") & _HASH_MASK

    def place(self, kind: str, text: str) -> int:
        """The token of a place (or of a sample tube): places of different kinds never meet."""
        return self._hash(b"place", f"{kind}:{text}") & _POSITIVE

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for another purpose (such as sealing rejected bytes), independent of the pseudonyms."""
        return hashlib.blake2b(purpose.encode(), digest_size=32, key=self.secret, person=b"derive").digest()


def rank(tokens: Ints) -> Ints:
    """Kind rank (index in IDENTIFIER_KINDS) of identifier tokens."""
    return tokens >> RANK_SHIFT


def pseudonym(token: int) -> str:
    """A person's number in every output."""
    return f"P{token:016x}"


def place_code(token: int) -> str:
    return f"L{token:016x}"


def parse_code(code: str, letter: str) -> int:
    """The token behind a `P…`, `L…` or `C…` code. Errors: ValueError saying the expected form."""
    if len(code) != 17 or code[0] != letter:
        raise ValueError(f"{code!r} is not a code of the form {letter} and 16 hex digits")
    return int(code[1:], 16)


def published(text: str, letter: str) -> int:
    """The token that a published code (`P…` or `L…`) stands for; 0 for any other text."""
    token = int(text[1:], 16) if _PUBLISHED.fullmatch(text) and text[0] == letter else 0
    return token if token < len(IDENTIFIER_KINDS) << RANK_SHIFT or (letter != "P" and token <= _POSITIVE) else 0


_C1 = np.uint64(0x9E3779B97F4A7C15)
_C2 = np.uint64(0xBF58476D1CE4E5B9)
_C3 = np.uint64(0x94D049BB133111EB)


def _avalanche(h: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    h = (h ^ (h >> np.uint64(30))) * _C2
    h = (h ^ (h >> np.uint64(27))) * _C3
    return h ^ (h >> np.uint64(31))


def mix(*columns: npt.ArrayLike) -> Ints:
    """One positive 63-bit hash per row of integer columns (splitmix64 chained); unkeyed and the same everywhere."""
    h: npt.NDArray[np.uint64] = np.zeros(1, np.uint64)
    with np.errstate(over="ignore"):
        for column in columns:
            numbers = np.asarray(column, np.int64)
            if numbers.size == 0:
                return np.zeros(0, np.int64)
            h = _avalanche((h ^ numbers.view(np.uint64)) + _C1)
    return (h & np.uint64(_POSITIVE)).view(np.int64)


def record_tokens(source: str, record_ids: Sequence[str]) -> Ints:
    """Ids of records from (source, source record id): 63 bits, unkeyed, vectorised over the ids.

    Collisions: among 28 million records (14 days) the odds that any two share an id are 4 in 100,000.
    """
    seed = int.from_bytes(hashlib.blake2b(source.encode(), digest_size=7).digest(), "big")
    if len(record_ids) == 0:
        return np.zeros(0, np.int64)
    fixed = np.array([r.encode() for r in record_ids], dtype=np.bytes_)
    width = -(-fixed.dtype.itemsize // 8) * 8
    words = np.zeros((len(fixed), width), np.uint8)
    words[:, : fixed.dtype.itemsize] = fixed.view(np.uint8).reshape(len(fixed), -1)
    lanes = words.view("<i8")
    # A row of zero lanes must not count: ids of different widths share a batch, and alone each must hash the same.
    h = np.full(len(fixed), seed, np.int64)
    for lane in lanes.T:
        h = np.where(lane == 0, h, mix(h, lane))
    return mix(h)
