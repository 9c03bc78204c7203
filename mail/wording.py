"""Words in the language of who reads them: templates, and a catalogue for each language.

English stands in the templates. What it is in another language stands in `catalogues/<code>.po`,
a gettext catalogue that any translator's tool opens; it is read as it is, nothing is compiled.
"""

from collections.abc import Mapping
from functools import cache, partial
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from models import Language

TEMPLATES: Final = Path(__file__).parent / "templates"
CATALOGUES: Final = Path(__file__).parent / "catalogues"

# How each language writes its days.
_LOCALES: Final[Mapping[Language, str]] = {Language.EN: "en_GB", Language.NL: "nl_NL"}


def code_of(language: Language) -> str:
    """Return the ISO 639 code of a language."""
    return language.lower()


@cache
def translations(language: Language) -> NullTranslations:
    """Return the catalogue of a language; that of English is empty."""
    if language is Language.EN:
        return NullTranslations()
    compiled = BytesIO()
    with (CATALOGUES / f"{code_of(language)}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=code_of(language)))
    compiled.seek(0)
    return GNUTranslations(compiled)


@cache
def templates(language: Language) -> Environment:
    """Return the templates as they speak in a language."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["day"] = partial(format_date, format="long", locale=_LOCALES[language])
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    return environment


def worded(language: Language, template: str, words: Mapping[str, Any]) -> str:
    """Return a template in a language; every word it uses must be given."""
    return templates(language).get_template(template).render(words, language=code_of(language))
