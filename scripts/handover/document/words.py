"""The words that the page itself says, in each language it speaks; what the report says comes from the notebook."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache

_ENGLISH = "January February March April May June July August September October November December"
_ARABIC = "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
MONTHS = {"en": _ENGLISH.split(), "ar": _ARABIC.split("|")}


@dataclass(frozen=True, slots=True)
class Words:
    """Everything the page says of its own accord, in English; ``{}`` is filled in by `str.format`."""

    language: str = "en"
    skip: str = "Skip to the report"
    contents: str = "Contents"
    edition: str = "Edition"
    code: str = "Code, cell {}"
    codes: str = "Code, cells {} to {}"
    all_code: str = "Code of this report, cell by cell"
    cell: str = "Cell {}"
    figure: str = "Figure {}"
    undescribed: str = "Figure without a description"
    unreadable: str = "Figure that cannot be read"
    elsewhere: str = "Image that is not in this file"
    table: str = "Table {}"
    behind: str = "Bars and pictures behind cells are not shown"
    part: str = "Part {} of {}"
    values: str = "Values"
    appendix: str = "The values behind the charts"
    failed: str = "Cell {} failed:"
    traceback: str = "Traceback"
    stderr: str = "Warnings and messages, cell {}"
    left_out: str = "Left out here: {} characters"
    left_out_lines: str = "Left out here: {} lines, {} characters"
    unprinted: str = "Cell {} shows something interactive that has no printed form."
    untyped: str = "Cell {} shows {}, which has no printed form."
    raw: str = "Cell {} is written for {} and is left out here."
    frame: str = "Embedded page that is not in this file"
    video: str = "Video that is not in this file"
    sound: str = "Sound that is not in this file"
    embedded: str = "Embedded object that is not in this file"
    canvas: str = "Drawing by a script that is not in this file"
    unset: str = "LaTeX, shown as its source"
    done: str = "Done"
    open: str = "To do"
    disagree: str = "Sources disagree"
    disagree_on: str = "Sources disagree: {}"
    numbers: str = "The numbers"
    disagreements: str = "Where sources disagree"
    sources: str = "Sources"
    claim: str = "1 claim"
    claims: str = "{} claims"
    pdf: str = "PDF"
    pdf_and_data: str = "PDF, with the data"
    notebook: str = "Notebook"
    newer: str = "Is there a newer edition?"
    catalogue: str = "All reports"
    for_paper: str = "For paper, this edition has a PDF:"
    also: str = "Also drawn on in charts and tables"
    printed: str = "printed as"
    known: str = "known since {}"
    grade: str = "grade {}"
    via: str = "via {}"
    back: str = "Back to the text"
    back_to: str = "Back to the text, place {} of {}"
    more: str = "{} more under the evidence"
    supports: str = "for"
    reading: str = "Our reading:"
    comma: str = ", "
    dotted: str = "dotted"
    evidence: str = "evidence"
    differ: str = "sources disagree"
    about: str = "About"
    one: str = "One source"
    other: str = "Another"
    read: str = "How we read it"

    def date(self, iso: str) -> str:
        """A date as a reader writes it, with no place to break it; what is no ISO date stays as it is."""
        try:
            day = dt.date.fromisoformat(iso)
        except ValueError:
            return iso
        return f"{day.day} {MONTHS[self.language][day.month - 1]} {day.year}".replace(" ", "\u00a0")


ARABIC: Mapping[str, str] = {
    "skip": "انتقل إلى التقرير",
    "contents": "المحتويات",
    "edition": "الإصدار",
    "code": "الشيفرة، الخلية {}",
    "codes": "الشيفرة، الخلايا من {} إلى {}",
    "all_code": "شيفرة هذا التقرير، خلية خلية",
    "cell": "الخلية {}",
    "figure": "الشكل {}",
    "undescribed": "شكل بلا وصف",
    "unreadable": "شكل تتعذر قراءته",
    "elsewhere": "صورة ليست في هذا الملف",
    "table": "الجدول {}",
    "behind": "الأشرطة والصور خلف الخلايا غير معروضة",
    "part": "الجزء {} من {}",
    "values": "القيم",
    "appendix": "القيم وراء الرسوم",
    "failed": "فشلت الخلية {}:",
    "traceback": "تتبع الخطأ",
    "stderr": "تحذيرات ورسائل، الخلية {}",
    "left_out": "حُذف هنا من الأحرف: {}",
    "left_out_lines": "حُذف هنا من الأسطر: {}، ومن الأحرف: {}",
    "unprinted": "تعرض الخلية {} عنصرًا تفاعليًا لا صورة مطبوعة له.",
    "untyped": "تعرض الخلية {} محتوى من نوع {} لا صورة مطبوعة له.",
    "raw": "كُتبت الخلية {} لصيغة {} فأُسقطت هنا.",
    "frame": "صفحة مضمّنة ليست في هذا الملف",
    "video": "فيديو ليس في هذا الملف",
    "sound": "صوت ليس في هذا الملف",
    "embedded": "عنصر مضمّن ليس في هذا الملف",
    "canvas": "رسم يرسمه برنامج ليس في هذا الملف",
    "unset": "صيغة LaTeX معروضة بنصها الأصلي",
    "done": "أُنجز",
    "open": "لم يُنجز",
    "disagree": "المصادر مختلفة",
    "disagree_on": "المصادر مختلفة: {}",
    "numbers": "الأرقام",
    "disagreements": "حيث تختلف المصادر",
    "sources": "المصادر",
    "claim": "قول واحد",
    "claims": "الأقوال: {}",
    "pdf": "PDF",
    "pdf_and_data": "PDF ومعه البيانات",
    "notebook": "دفتر الملاحظات",
    "newer": "هل من إصدار أحدث؟",
    "catalogue": "كل التقارير",
    "for_paper": "للورق نسخة PDF من هذا الإصدار:",
    "also": "مصادر أخرى للرسوم والجداول",
    "printed": "كُتب",
    "known": "معروف منذ {}",
    "grade": "الدرجة {}",
    "via": "عبر {}",
    "back": "عودة إلى النص",
    "back_to": "عودة إلى النص، الموضع {} من {}",
    "more": "أقوال أخرى في قسم الأدلة: {}",
    "supports": "لأجل",
    "reading": "قراءتنا:",
    "comma": "، ",
    "dotted": "المنقّط",
    "evidence": "له دليل",
    "differ": "المصادر مختلفة",
    "about": "الموضوع",
    "one": "مصدر",
    "other": "مصدر آخر",
    "read": "قراءتنا",
}


@cache
def of(language: str) -> Words:
    """The words of a language; of one the page does not speak, the English ones."""
    if language.split("-")[0] == "ar":
        return Words(language="ar", **{field.name: ARABIC[field.name] for field in fields(Words)[1:]})
    return Words()
