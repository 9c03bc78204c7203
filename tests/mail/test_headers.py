"""Text from the outside never becomes more than text in a header."""

import email
import email.header
import email.policy
import random
from email.message import EmailMessage

import pytest

from mail.headers import POLICY, checked_address, clean, encoded, mailbox

FORGED = "=?utf-8?q?x=0ABcc:_spy@evil.test?="
HOSTILE = [
    *("\r\n", "\n", "\r", "\0", "\t", "\x0b", "\x0c", "\x1c", "\x7f", "\x85", "\u2028", "\u2029"),
    *(
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u00ad",
        "=?",
        "?=",
        "=",
        "?",
        "_",
        FORGED,
        "Bcc: spy@evil.test",
    ),
    *(
        ",",
        ";",
        ":",
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        '"',
        "\\",
        "@",
        ".",
        " ",
        "://",
        "a",
        "b c",
        "é",
    ),
    *("名前", "עברית", "🦊", "👩\u200d💻", "ñ" * 30, "long word " * 8, "unbroken" * 12),
]


def header_names(message: EmailMessage) -> list[bytes]:
    """Return the names of headers as a mail server sees them: from the bytes."""
    head = message.as_bytes().partition(b"\r\n\r\n")[0]
    return [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]


def message_with(name: str) -> EmailMessage:
    message = EmailMessage(POLICY)
    message["To"] = mailbox("To", name, "anna@bank.example")
    message["Subject"] = encoded("Subject", f"Task {name}")
    message.set_content("Text.")
    return message


def as_people_see(header: str) -> str:
    unfolded = header.replace("\r\n", "")
    return str(email.header.make_header(email.header.decode_header(unfolded)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Anna de Vries", "Anna de Vries"),
        ("Zoë Müller-Łukasz", "Zoë Müller-Łukasz"),
        ("名前 🦊 👩\u200d💻", "名前 🦊 👩\u200d💻"),
        ("a\r\nBcc: spy@evil.test", "a Bcc: spy@evil.test"),
        ("a\x85b\u2028c\u2029d\x0be\x1cf\0g", "a b c d e f g"),
        ("\u202eevil\u2066", "evil"),
        ("  much   space\t", "much space"),
        (FORGED, "= ?utf-8?q?x=0ABcc:_spy@evil.test?="),
        ("=\u00ad?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("=\n?", "= ?"),
        ("see https://evil.test", "see https: //evil.test"),
        ("x" * 201, "x" * 199 + "…"),
        ("x" * 200, "x" * 200),
        ("", ""),
    ],
)
def test_cleans_text_to_one_line_that_means_nothing_else(text: str, line: str) -> None:
    assert clean(text) == line


@pytest.mark.parametrize(
    "address",
    ["anna@bank.example", "a.b+c@x.test", "o'brien_=x?y@bank.example", "jörg@bücher.example"],
)
def test_takes_a_plain_address_as_it_is(address: str) -> None:
    assert checked_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@bank.example",
        "anna@",
        "anna@bank.example\r\nBcc: spy@evil.test",
        "anna@bank.example\x85",
        "anna@bank.example\u2028x",
        "anna@bank.example,spy@evil.test",
        "anna@bank.example spy@evil.test",
        "Anna <anna@bank.example>",
        '"anna"@bank.example',
        "anna@bank@evil.test",
        "anna@[127.0.0.1]",
        "anna(x)@bank.example",
        f"{FORGED}@evil.test",
        "anna\u200b@bank.example",
        "a" * 242 + "@bank.example",
        "é" * 121 + "@bank.example",
    ],
)
def test_refuses_what_is_not_one_plain_address(address: str) -> None:
    with pytest.raises(ValueError, match="not a plain e-mail address"):
        checked_address(address)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Anna de Vries", b'To: "Anna de Vries" <anna@bank.example>'),
        ('Vries, Anna "A" <x@y>', b'To: "Vries, Anna \\"A\\" <x@y>" <anna@bank.example>'),
        ("back\\slash", b'To: "back\\\\slash" <anna@bank.example>'),
        ("Zoë", b"To: =?utf-8?q?Zo=C3=AB?= <anna@bank.example>"),
        ("名前", b"To: =?utf-8?b?5ZCN5YmN?= <anna@bank.example>"),
        ("Müller, Jörg", b"To: =?utf-8?b?TcO8bGxlciwgSsO2cmc=?= <anna@bank.example>"),
        ("\n\u202e", b"To: anna@bank.example"),
    ],
)
def test_names_a_person_in_any_script(name: str, line: bytes) -> None:
    message = message_with(name)

    assert message.as_bytes().split(b"\r\n")[0] == line


def test_no_text_makes_another_header_and_every_text_is_read_as_it_was_cleaned() -> None:
    chance = random.Random(1)  # noqa: S311 - the same hostile names in every run
    for _ in range(500):
        name = "".join(chance.choices(HOSTILE, k=chance.randint(0, 12)))

        message = message_with(name)

        raw = message.as_bytes()
        seen = email.message_from_bytes(raw, policy=email.policy.compat32)
        assert header_names(message) == [
            b"To",
            b"Subject",
            b"Content-Type",
            b"Content-Transfer-Encoding",
            b"MIME-Version",
        ]
        assert raw.isascii()
        assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
        assert max(len(line) for line in raw.split(b"\r\n")) < 998
        assert as_people_see(seen["Subject"]) == clean(f"Task {name}")
        (to,) = email.message_from_bytes(raw, policy=email.policy.default)["To"].addresses
        assert to.addr_spec == "anna@bank.example"
        if clean(name).isascii():
            assert to.display_name == clean(name)
        else:
            assert as_people_see(seen["To"]) == f"{clean(name)} <anna@bank.example>"
