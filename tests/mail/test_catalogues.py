"""Every word of a letter is there in every language, and says the same with the same blanks."""

import re
import tomllib
from typing import Any, Final

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from mail.wording import CATALOGUES, TEMPLATES, code_of, translations
from models import Language
from settings import ROOT

FOREIGN: Final = [language for language in Language if language is not Language.EN]


def mapping() -> list[tuple[str, str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [(m["pattern"], m["method"]) for m in project["tool"]["babel"]["mappings"]]


def messages_of_templates() -> set[Any]:
    options: dict[str, dict[str, Any]] = {"**": {"silent": "false"}}
    return {
        message for _, _, message, _, _ in extract_from_dir(TEMPLATES.parent, mapping(), options)
    }


def catalogue(language: Language) -> Catalog:
    with (CATALOGUES / f"{code_of(language)}.po").open("rb") as file:
        return read_po(file)


def messages(language: Language) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text] if isinstance(text, str) else list(text or [""])


def blanks(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def test_there_is_a_catalogue_for_each_language_and_no_other() -> None:
    there = {path.name for path in CATALOGUES.iterdir()}

    assert there == {f"{code_of(language)}.po" for language in FOREIGN}


@pytest.mark.parametrize("language", FOREIGN)
def test_holds_what_the_templates_say_and_nothing_else(language: Language) -> None:
    wanted = messages_of_templates()

    assert len(wanted) > 20
    assert {message.id for message in messages(language)} == wanted
    assert catalogue(language).obsolete == {}


@pytest.mark.parametrize("language", FOREIGN)
def test_has_a_translation_of_everything(language: Language) -> None:
    lacking = [m.id for m in messages(language) if m.fuzzy or not all(forms(m.string))]

    assert lacking == []


@pytest.mark.parametrize("language", FOREIGN)
def test_fills_in_the_same_blanks(language: Language) -> None:
    for message in messages(language):
        wanted = set().union(*map(blanks, forms(message.id)))
        assert "%" not in re.sub(r"%\(\w+\)s", "", "".join(forms(message.string)))
        # The singular may say "one" where the plural has a number.
        found = [blanks(form) for form in forms(message.string)]
        assert found[-1] == wanted, message.id
        assert all(form <= wanted for form in found), message.id


def test_is_read_as_it_stands() -> None:
    assert translations(Language.NL).gettext("Reference") == "Referentie"
    assert translations(Language.EN).gettext("Reference") == "Reference"
