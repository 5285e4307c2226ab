"""Faults: why a row of a contact under control is wrong, and what would mend it, as claims.

In: a row of `findings`, its pack, and where its records stand. Out: `Claim`, and words for every kind.
Invariant: every kind of the packs has words in both languages.
Deliberately absent: what the right value is, where more than one would be.
"""

from __future__ import annotations

from brain.claims import Claim, Row, time_text
from brain.provisional import Origins, record_claim, rule_claim
from schemas.policy import Pack

WORDS: dict[str, tuple[str, str]] = {
    "wrong_street": ("街道与住址不符", "the street is not that of the home"),
    "trace_missing": ("缺追踪状态", "the trace status is missing"),
    "province_missing": ("缺省份", "the province is missing"),
    "last_contact_missing": ("缺最后接触时间", "the last contact is missing"),
    "case_missing": ("密接未关联病例", "a close contact without a related case"),
    "case_unknown": ("关联病例不是已知病例", "the related case is not known as a case"),
    "contact_missing": ("次密接未关联密接", "a secondary contact without a linked close contact"),
    "contact_unknown": ("关联密接不是已知密接", "the linked person is not known as a close contact"),
    "central_unsettled": ("集中但无酒店和入住时间，应为待转运", "central, no site, no check-in: awaiting transfer"),
    "transfer_done": ("待转运但已入住，应为集中", "awaiting transfer, but checked in: central"),
    "case_as_contact": ("本人已是病例，状态仍为接触者", "is a case, and still listed as a contact"),
    "case_unreported": ("状态为感染，但无病例报告", "the status says infected, and no report does"),
}
"""What is wrong, by kind of finding."""
_MENDED_ELSEWHERE = {
    "wrong_street": ("或更正住址、房屋或网格记录", "or a corrected record of the home"),
    "case_unknown": ("或补报该病例", "or a late report of that case"),
    "contact_unknown": ("或补报该密接", "or a late row of that close contact"),
    "case_as_contact": ("或撤销该病例报告", "or a withdrawn report of the case"),
    "case_unreported": ("或补报病例", "or a late report of the case"),
}


def finding_claim(finding: Row, pack: Pack, origins: Origins) -> Claim:
    """What is wrong in a row about somebody, which records show it, and what ends the finding."""
    zh, en = WORDS[finding["kind"]]
    other = _MENDED_ELSEWHERE.get(finding["kind"])
    since, record, records = time_text(finding["since_ms"]), finding["record"], tuple(finding["records"])
    mended = (f"，{other[0]}", f", {other[1]}") if other else ("", "")
    return Claim(
        "finding",
        f"{record} 数据问题：{zh}（{finding['person']}），自 {since}，请 {finding['department']} 更正",
        f"{record} is wrong: {en} ({finding['person']}), since {since}; for {finding['department']} to mend",
        records,
        (
            rule_claim(dict(pack.findings.rules())[finding["kind"]], finding["rule"], pack),
            *(record_claim(name, origins) for name in records),
            Claim("mend", f"更正：修改或撤销该行{mended[0]}", f"ends with: an amended or withdrawn row{mended[1]}"),
            Claim("not", "数据问题不改变人员类别", "a finding changes no class"),
        ),
    )
