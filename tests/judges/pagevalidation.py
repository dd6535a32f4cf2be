"""page-validation as a judge: PDF/UA-1 and PDF/A-3a, without Java."""

import re

import page

PROFILES = (page.ValidationProfile.PDF_UA_1, page.ValidationProfile.PDF_A_3A)
#: It takes the end of a stream for a part of the line break after it where the stream ends in a carriage return.
FALSE_ALARM = "STREAM-LENGTH-001"


def judge(pdf: bytes) -> list[str]:
    """Return what both profiles find wrong with a PDF, but for false alarms on streams that really end so."""
    found = []
    for profile in PROFILES:
        failures = page.validate_pdf_bytes(pdf, profile=profile).failures
        alarms = [one for one in failures if one.rule_id.endswith(FALSE_ALARM)]
        excused = len(alarms) <= len(re.findall(rb"\r\nendstream", pdf))
        found += [str(one) for one in failures if not (excused and one in alarms)]
    return found
