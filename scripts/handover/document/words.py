"""The words that the page itself says, in each language it speaks; what the report says comes from the notebook."""

import datetime as dt
from dataclasses import dataclass
from functools import cache

_ENGLISH = "January February March April May June July August September October November December"
_ARABIC = "كانون الثاني|شباط|آذار|نيسان|أيار|حزيران|تموز|آب|أيلول|تشرين الأول|تشرين الثاني|كانون الأول"
MONTHS = {"en": _ENGLISH.split(), "ar": _ARABIC.split("|")}


class _Said:
    """One text in each language, of which `Words` gives the one in its own."""

    def __init__(self, english: str, arabic: str) -> None:
        self._texts = {"en": english, "ar": arabic}

    def __get__(self, words: "Words", kind: type) -> str:
        return self._texts[words.language]


@dataclass(frozen=True)
class Words:
    """Everything the page says of its own accord, in a language of `MONTHS`; ``{}`` is filled in by `str.format`."""

    language: str = "en"
    skip = _Said("Skip to the report", "انتقل إلى التقرير")
    contents = _Said("Contents", "المحتويات")
    edition = _Said("Edition", "الإصدار")
    code = _Said("Code, cell {}", "الشيفرة، الخلية {}")
    codes = _Said("Code, cells {} to {}", "الشيفرة، الخلايا من {} إلى {}")
    all_code = _Said("Code of this report, cell by cell", "شيفرة هذا التقرير، خلية خلية")
    cell = _Said("Cell {}", "الخلية {}")
    figure = _Said("Figure {}", "الشكل {}")
    undescribed = _Said("Figure without a description", "شكل بلا وصف")
    unreadable = _Said("Figure that cannot be read", "شكل تتعذر قراءته")
    elsewhere = _Said("Image that is not in this file", "صورة ليست في هذا الملف")
    table = _Said("Table {}", "الجدول {}")
    behind = _Said("Bars and pictures behind cells are not shown", "الأشرطة والصور خلف الخلايا غير معروضة")
    part = _Said("Part {} of {}", "الجزء {} من {}")
    page = _Said("p.", "ص")
    values = _Said("Values", "القيم")
    appendix = _Said("The values behind the charts", "القيم وراء الرسوم")
    failed = _Said("Cell {} failed:", "فشلت الخلية {}:")
    traceback = _Said("Traceback", "تتبع الخطأ")
    stderr = _Said("Warnings and messages, cell {}", "تحذيرات ورسائل، الخلية {}")
    left_out = _Said("Left out here: {} characters", "حُذف هنا من الأحرف: {}")
    left_out_lines = _Said("Left out here: {} lines, {} characters", "حُذف هنا من الأسطر: {}، ومن الأحرف: {}")
    left_out_rows = _Said("Left out here: {} rows", "حُذف هنا من الصفوف: {}")
    unprinted = _Said(
        "Cell {} shows something interactive that has no printed form.",
        "تعرض الخلية {} عنصرًا تفاعليًا لا صورة مطبوعة له.",
    )
    untyped = _Said("Cell {} shows {}, which has no printed form.", "تعرض الخلية {} محتوى من نوع {} لا صورة مطبوعة له.")
    raw = _Said("Cell {} is written for {} and is left out here.", "كُتبت الخلية {} لصيغة {} فأُسقطت هنا.")
    frame = _Said("Embedded page that is not in this file", "صفحة مضمّنة ليست في هذا الملف")
    video = _Said("Video that is not in this file", "فيديو ليس في هذا الملف")
    sound = _Said("Sound that is not in this file", "صوت ليس في هذا الملف")
    embedded = _Said("Embedded object that is not in this file", "عنصر مضمّن ليس في هذا الملف")
    canvas = _Said("Drawing by a script that is not in this file", "رسم يرسمه برنامج ليس في هذا الملف")
    unset = _Said("LaTeX, shown as its source", "صيغة LaTeX معروضة بنصها الأصلي")
    done = _Said("Done", "أُنجز")
    open = _Said("To do", "لم يُنجز")
    disagree = _Said("Sources disagree", "المصادر مختلفة")
    disagree_on = _Said("Sources disagree: {}", "المصادر مختلفة: {}")
    numbers = _Said("The numbers", "الأرقام")
    disagreements = _Said("Where sources disagree", "حيث تختلف المصادر")
    sources = _Said("Sources", "المصادر")
    claim = _Said("1 claim", "قول واحد")
    claims = _Said("{} claims", "الأقوال: {}")
    pdf = _Said("PDF", "PDF")
    pdf_and_data = _Said("PDF, with the data", "PDF ومعه البيانات")
    notebook = _Said("Notebook", "دفتر الملاحظات")
    newer = _Said("Is there a newer edition?", "هل من إصدار أحدث؟")
    catalogue = _Said("All reports", "كل التقارير")
    for_paper = _Said("For paper, this edition has a PDF:", "للورق نسخة PDF من هذا الإصدار:")
    also = _Said("Also drawn on in charts and tables", "مصادر أخرى للرسوم والجداول")
    printed = _Said("printed as", "كُتب")
    known = _Said("known since {}", "معروف منذ {}")
    grade = _Said("grade {}", "الدرجة {}")
    via = _Said("via {}", "عبر {}")
    back = _Said("Back to the text", "عودة إلى النص")
    back_to = _Said("Back to the text, place {} of {}", "عودة إلى النص، الموضع {} من {}")
    more = _Said("{} more under the evidence", "أقوال أخرى في قسم الأدلة: {}")
    supports = _Said("for", "لأجل")
    reading = _Said("Our reading:", "قراءتنا:")
    comma = _Said(", ", "، ")
    dotted = _Said("dotted", "المنقّط")
    evidence = _Said("evidence", "له دليل")
    differ = _Said("sources disagree", "المصادر مختلفة")
    about = _Said("About", "الموضوع")
    one = _Said("One source", "مصدر")
    other = _Said("Another", "مصدر آخر")
    read = _Said("How we read it", "قراءتنا")

    def date(self, iso: str) -> str:
        """A date as a reader writes it, with no place to break it; what is no ISO date stays as it is."""
        try:
            day = dt.date.fromisoformat(iso)
        except ValueError:
            return iso
        return f"{day.day} {MONTHS[self.language][day.month - 1]} {day.year}".replace(" ", "\u00a0")


@cache
def of(language: str) -> Words:
    """The words of a language; of one the page does not speak, the English ones."""
    own = language.split("-")[0]
    return Words(own if own in MONTHS else "en")
