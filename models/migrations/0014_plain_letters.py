"""Names are sought and sorted by their plain letters: a stroke or a ligature counts as an accent.

Unicode takes accents apart, which leaves letters that are one piece, such as the ł of Łukasz, and
the vowel signs of Hebrew and Arabic; and what is not seen at all, such as the marks that come along
with a name copied from a page that is read from right to left, must not keep it from being found.
Only rows that hold such a letter are written anew: the words of the others stay as they are.
"""

from typing import Final

from tortoise import migrations
from tortoise.migrations import operations as ops

# In small letters: each for the one at its place, apostrophes among them, or for two.
PIECES: Final = ("øłđðħıŧŋ\u02bc\u02bb", "olddhitn\u2019\u2019")
PAIRS: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
# Accents, among them those of Greek and Cyrillic, which were always taken off.
ACCENTS: Final = r"\u0300-\u036f"
# Vowel signs of Hebrew and Arabic, the stroke that stretches Arabic words, and rarer accents.
SIGNS: Final = (
    r"\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    r"\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
# Soft hyphens, joiners, directions, variations of how a letter is drawn.
UNSEEN: Final = r"\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"


def _plain() -> str:
    """Return the SQL of a name in plain letters."""
    bare = f"lower(regexp_replace(normalize(name, nfkd), '[{ACCENTS}{SIGNS}{UNSEEN}]', '', 'g'))"
    for piece, letters in PAIRS.items():
        bare = f"replace({bare}, '{piece}', '{letters}')"
    return f"translate({bare}, '{PIECES[0]}', '{PIECES[1]}')"


KEY = f"""
create or replace function sort_key(name text) returns text
  language sql immutable strict parallel safe
  return {_plain()};
"""

# What is generated of a column is generated anew when it is written, be it the same.
ROWS = "".join(
    f"""
update {table} set name = name
where normalize({text}, nfkd) ~* '[{PIECES[0]}{"".join(PAIRS)}{SIGNS}{UNSEEN}]';
"""
    for table, text in (
        ("party", "name || reference || coalesce(email, '')"),
        ("product", "name || number"),
    )
)


class Migration(migrations.Migration):
    dependencies = [("models", "0013_entries_that_serve")]

    operations = [ops.RunSQL(KEY), ops.RunSQL(ROWS)]
