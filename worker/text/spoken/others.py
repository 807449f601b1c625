"""Languages of which only numbers are put in words; everything else is left to the engine.

Languages whose spelling by the library was seen to hang or to raise (am, kn, te, en_IN) are left out.
"""

from __future__ import annotations

from worker.text.spoken.language import Language
from worker.text.spoken.number_words import LibraryNumbers


def _numbers_only(row: str) -> Language:
    code, marks, decimal_word, minus = row.split(" ", 3)
    decimal_mark, group_marks = marks[0], marks[1:].replace("_", " ")
    return Language(
        numbers=LibraryNumbers(code=code),
        decimal_words={decimal_mark: decimal_word},
        group_marks=group_marks,
        minus=minus,
    )


# Tag: the library's code, the decimal mark and the marks between thousands (`_` for a space), the decimal word, minus.
_ROWS = {
    "ar": "ar .,٬ فاصلة ناقص", "az": "az ,._ vergül mənfi", "be": "be ,_ коска мінус", "bn": "bn ., দশমিক ঋণাত্মক",
    "ca": "ca ,._ coma menys", "cs": "cs ,_. čárka mínus", "cy": "cy ., pwynt minws", "da": "da ,._ komma minus",
    "eo": "eo ,_ komo minus", "fa": "fa ., ممیز منفی", "fi": "fi ,_ pilkku miinus", "he": "he ., נקודה מינוס",
    "hu": "hu ,_. vessző mínusz", "id": "id ,. koma minus", "is": "is ,. komma mínus", "ja": "ja ., 点 マイナス",
    "kk": "kz ,_ үтір минус", "ko": "ko ., 점 마이너스", "lt": "lt ,_. kablelis minus", "lv": "lv ,_. komats mīnus",
    "nl": "nl ,. komma min", "no": "no ,_. komma minus", "pl": "pl ,_. przecinek minus", "ro": "ro ,. virgulă minus",
    "ru": "ru ,_ запятая минус", "sk": "sk ,_. čiarka mínus", "sl": "sl ,. vejica minus", "sr": "sr ,. zapeta minus",
    "sv": "sv ,_. komma minus", "tg": "tg ,_ нуқта минус", "th": "th ., จุด ลบ", "tr": "tr ,. virgül eksi",
    "uk": "uk ,_ кома мінус", "vi": "vi ,. phẩy âm",
}  # fmt: skip
_ALIASES = {"nb": "no", "nn": "no", "iw": "he", "in": "id"}

NUMBERS_ONLY = {tag: _numbers_only(row) for tag, row in _ROWS.items()}
NUMBERS_ONLY |= {alias: NUMBERS_ONLY[tag] for alias, tag in _ALIASES.items()}
