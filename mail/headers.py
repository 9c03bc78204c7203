"""Text from the outside, made fit for a letter and for the headers of one.

Python's own folding of headers differs from release to release, and in several a name can forge
a header or lose its quotes. So every header is encoded here, and kept as it was encoded.
"""

import re
import unicodedata
from email.header import Header
from email.policy import EmailPolicy
from typing import Final

from typing_extensions import override

LONGEST_TEXT: Final = 200
LONGEST_ADDRESS: Final = 254  # of a path in SMTP, in bytes
LONGEST_LINE: Final = 76

_BREAKING: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Within words of some scripts and within emoji, these two invisible characters carry meaning.
_JOINERS: Final = "\u200c\u200d"
_ADDRESS: Final = re.compile(r'[^\s@"(),:;<>\[\\\]]+@[^\s@"(),:;<>\[\\\]]+')


class AsEncoded(EmailPolicy):
    """Writes a header exactly as it was given, in lines of its own making."""

    @override
    def header_store_parse(self, name: str, value: str) -> tuple[str, str]:
        return name, value


# A header holds UTF-8 only where it names an address that does; everything else is ASCII.
POLICY: Final = AsEncoded(linesep="\r\n", cte_type="7bit", refold_source="none", utf8=True)


def clean(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text as one short line that shows what it holds and means nothing else.

    Gone are control characters, line ends of every alphabet, and marks that turn the direction
    of reading; what would begin an encoded word or a link no longer does.
    """
    shown = (
        " " if unicodedata.category(letter) in _BREAKING else letter
        for letter in text
        if unicodedata.category(letter) != "Cf" or letter in _JOINERS
    )
    line = " ".join("".join(shown).split()).replace("=?", "= ?").replace("://", ": //")
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def encoded(name: str, text: str) -> str:
    """Return the value of a header that holds text, clean and in ASCII whatever its script."""
    line = clean(text)
    charset = None if line.isascii() else "utf-8"
    header = Header(line, charset, maxlinelen=LONGEST_LINE, header_name=name)
    return header.encode(linesep="\r\n")


def mailbox(name: str, person: str, address: str) -> str:
    """Return the value of a header that holds one person and their checked address."""
    person = clean(person)
    if not person:
        return address
    if not person.isascii():
        return f"{encoded(name, person)} <{address}>"
    quoted = person.replace("\\", r"\\").replace('"', r"\"")
    return f'"{quoted}" <{address}>'


def checked_address(text: str) -> str:
    """Return an address unchanged; raise `ValueError` for what is not exactly one plain address."""
    short = len(text.encode(errors="replace")) <= LONGEST_ADDRESS
    if not short or clean(text, LONGEST_ADDRESS) != text or not _ADDRESS.fullmatch(text):
        raise ValueError("The address is not a plain e-mail address.")
    return text
