"""What the environment may change, and how a fault in it is told."""

import json
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from pydantic import SecretStr

from settings import ROOT, Settings, SettingsError, get_settings, settings_or_exit
from settings.mail import SmtpTls

LIMITS: Final = {
    "max_running": 200,
    "max_wait_seconds": 0.4,
    "requests_per_minute": None,
    "failures_per_minute": 100,
    "shutdown_seconds": 10,
    "max_body_bytes": 100_000,
    "max_header_bytes": 32_000,
    "header_seconds": 10,
    "body_seconds": 10,
    "allow_get": False,
    "max_document_bytes": 20_000,
    "max_variables_bytes": 100_000,
    "max_json_depth": 20,
    "max_tokens": 2_000,
    "max_depth": 12,
    "max_aliases": 30,
    "max_root_fields": 20,
    "max_mutations": 5,
    "max_directives": 5,
    "max_comparisons": 25_000,
    "max_page_size": 100,
    "max_list_items": 250,
    "max_cost": 20_000,
    "max_errors": 5,
    "operation_seconds": 10,
    "introspection": True,
    "trusted_documents": None,
}
NAMES: Final = {
    "LOG_JSON",
    "LOG_REQUESTS",
    "METRICS_HOST",
    "METRICS_PORT",
    "METRICS_TOKEN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_SDK_DISABLED",
    "OTEL_SERVICE_NAME",
    *(name.upper() for name in LIMITS),
    "DATABASE_URL",
    "DATA_DIR",
    "DATABASE_POOL_SIZE",
    "HOST",
    "PORT",
    "PUBLIC_URL",
    "CORS_ORIGINS",
    "OIDC_ISSUERS",
    "SESSION_HOURS",
    "SUBSCRIPTIONS_PER_CONNECTION",
    "CONNECTIONS_PER_VIEWER",
    "CONNECTION_INIT_SECONDS",
    "KEEP_ALIVE_SECONDS",
    "SUBSCRIBER_BUFFER",
    "SUBSCRIBER_PATIENCE_SECONDS",
    "WEBHOOK_ALLOW_PRIVATE",
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_TLS",
    "SMTP_USERNAME",
    "SMTP_PASSWORD",
    "MAIL_FROM",
    "TASK_URL",
    "DIGEST_HOUR",
    "RUN_WORKER",
    "DEMO",
}
ISSUER: Final = {
    "issuer": "https://login.bank.example",
    "organisation": "My Bank",
    "audience": "offboarding",
}
URL: Final = "postgresql://ada:hunter2@db.example/offboarding"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    # The `.env` of whoever runs the tests is no part of them.
    monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / ".env")
    get_settings.cache_clear()
    yield
    get_settings.cache_clear()


def faults(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        get_settings()
    return error.value.faults


def test_has_the_promised_names() -> None:
    assert {name.upper() for name in Settings.model_fields} == NAMES


def test_says_of_every_setting_what_it_does() -> None:
    undescribed = [name for name, field in Settings.model_fields.items() if not field.description]

    assert undescribed == []


def test_needs_nothing_to_be_set() -> None:
    settings = get_settings()

    assert settings.model_dump() == {
        "log_json": None,
        "log_requests": None,
        "metrics_host": "127.0.0.1",
        "metrics_port": None,
        "metrics_token": None,
        "otel_exporter_otlp_endpoint": None,
        "otel_exporter_otlp_traces_endpoint": None,
        "otel_sdk_disabled": False,
        "otel_service_name": "offboarding",
        "database_url": None,
        "data_dir": Path(".data"),
        "database_pool_size": 10,
        "host": "127.0.0.1",
        "port": 8000,
        "public_url": None,
        "cors_origins": None,
        "oidc_issuers": None,
        "session_hours": 10,
        "subscriptions_per_connection": 50,
        "connections_per_viewer": 100,
        "connection_init_seconds": 10,
        "keep_alive_seconds": 15,
        "subscriber_buffer": 200,
        "subscriber_patience_seconds": 30,
        **LIMITS,
        "webhook_allow_private": False,
        "smtp_host": None,
        "smtp_port": 25,
        "smtp_tls": SmtpTls.NONE,
        "smtp_username": None,
        "smtp_password": None,
        "mail_from": "Offboarding <offboarding@localhost>",
        "task_url": "http://127.0.0.1:8000/tasks/{id}",
        "digest_hour": 6,
        "run_worker": True,
        "demo": None,
    }
    assert settings.is_demo


def test_reads_every_setting_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "LOG_JSON": "true",
        "LOG_REQUESTS": "false",
        "METRICS_HOST": "192.0.2.7",
        "METRICS_PORT": "9100",
        "METRICS_TOKEN": "a-token-of-24-characters",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector:4318/of/the/bank",
        "OTEL_SDK_DISABLED": "true",
        "OTEL_SERVICE_NAME": "offboarding-north",
        "DATABASE_URL": URL,
        "DATA_DIR": "/srv/data",
        "DATABASE_POOL_SIZE": "30",
        "HOST": "0.0.0.0",  # noqa: S104 - a value, nothing listens
        "PORT": "80",
        "PUBLIC_URL": "https://offboarding.bank.example/",
        "CORS_ORIGINS": "https://app.bank.example, http://localhost:3000",
        "OIDC_ISSUERS": json.dumps([ISSUER]),
        "SESSION_HOURS": "8",
        "MAX_BODY_BYTES": "5000",
        "MAX_HEADER_BYTES": "6000",
        "MAX_RUNNING": "20",
        "MAX_WAIT_SECONDS": "0.25",
        "REQUESTS_PER_MINUTE": "3000",
        "FAILURES_PER_MINUTE": "30",
        "SHUTDOWN_SECONDS": "20",
        "SUBSCRIPTIONS_PER_CONNECTION": "20",
        "CONNECTIONS_PER_VIEWER": "5",
        "CONNECTION_INIT_SECONDS": "3.5",
        "KEEP_ALIVE_SECONDS": "20",
        "SUBSCRIBER_BUFFER": "500",
        "SUBSCRIBER_PATIENCE_SECONDS": "60",
        "HEADER_SECONDS": "5",
        "BODY_SECONDS": "5",
        "ALLOW_GET": "true",
        "MAX_DOCUMENT_BYTES": "30000",
        "MAX_VARIABLES_BYTES": "50000",
        "MAX_JSON_DEPTH": "10",
        "MAX_TOKENS": "3000",
        "MAX_DEPTH": "9",
        "MAX_ALIASES": "15",
        "MAX_ROOT_FIELDS": "10",
        "MAX_MUTATIONS": "1",
        "MAX_DIRECTIVES": "3",
        "MAX_COMPARISONS": "700",
        "MAX_PAGE_SIZE": "60",
        "MAX_LIST_ITEMS": "100",
        "MAX_COST": "5000",
        "MAX_ERRORS": "3",
        "OPERATION_SECONDS": "20",
        "INTROSPECTION": "false",
        "TRUSTED_DOCUMENTS": "/srv/trusted.json",
        "WEBHOOK_ALLOW_PRIVATE": "true",
        "SMTP_HOST": "mail.example",
        "SMTP_PORT": "587",
        "SMTP_TLS": "starttls",
        "SMTP_USERNAME": "ada",
        "SMTP_PASSWORD": "hunter2",
        "MAIL_FROM": "tasks@bank.example",
        "TASK_URL": "https://bank.example/task?id={id}",
        "DIGEST_HOUR": "5",
        "RUN_WORKER": "false",
        "DEMO": "true",
    }.items():
        monkeypatch.setenv(name, value)

    settings = get_settings()

    assert settings.model_dump() == {
        "log_json": True,
        "log_requests": False,
        "metrics_host": "192.0.2.7",
        "metrics_port": 9100,
        "metrics_token": SecretStr("a-token-of-24-characters"),
        "otel_exporter_otlp_endpoint": "http://collector:4318",
        "otel_exporter_otlp_traces_endpoint": "http://collector:4318/of/the/bank",
        "otel_sdk_disabled": True,
        "otel_service_name": "offboarding-north",
        "database_url": SecretStr(URL),
        "data_dir": Path("/srv/data"),
        "database_pool_size": 30,
        "host": "0.0.0.0",  # noqa: S104 - as above
        "port": 80,
        "public_url": "https://offboarding.bank.example",
        "cors_origins": "https://app.bank.example, http://localhost:3000",
        "oidc_issuers": (
            {
                **ISSUER,
                "user_claim": "email",
                "groups_claim": None,
                "client_id": None,
                "client_secret": None,
            },
        ),
        "session_hours": 8,
        "subscriptions_per_connection": 20,
        "connections_per_viewer": 5,
        "connection_init_seconds": 3.5,
        "keep_alive_seconds": 20,
        "subscriber_buffer": 500,
        "subscriber_patience_seconds": 60,
        "max_body_bytes": 5_000,
        "max_header_bytes": 6_000,
        "max_running": 20,
        "max_wait_seconds": 0.25,
        "requests_per_minute": 3_000,
        "failures_per_minute": 30,
        "shutdown_seconds": 20,
        "header_seconds": 5,
        "body_seconds": 5,
        "allow_get": True,
        "max_document_bytes": 30_000,
        "max_variables_bytes": 50_000,
        "max_json_depth": 10,
        "max_tokens": 3_000,
        "max_depth": 9,
        "max_aliases": 15,
        "max_root_fields": 10,
        "max_mutations": 1,
        "max_directives": 3,
        "max_comparisons": 700,
        "max_page_size": 60,
        "max_list_items": 100,
        "max_cost": 5_000,
        "max_errors": 3,
        "operation_seconds": 20,
        "introspection": False,
        "trusted_documents": Path("/srv/trusted.json"),
        "webhook_allow_private": True,
        "smtp_host": "mail.example",
        "smtp_port": 587,
        "smtp_tls": SmtpTls.STARTTLS,
        "smtp_username": "ada",
        "smtp_password": SecretStr("hunter2"),
        "mail_from": "tasks@bank.example",
        "task_url": "https://bank.example/task?id={id}",
        "digest_hour": 5,
        "run_worker": False,
        "demo": True,
    }
    assert settings.is_demo
    assert settings.address == "https://offboarding.bank.example"
    assert settings.origins == ("https://app.bank.example", "http://localhost:3000")


def test_is_no_demo_beside_a_real_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)

    assert not get_settings().is_demo


def test_takes_an_empty_value_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("PORT", "")

    assert get_settings().database_url is None
    assert get_settings().port == 8000


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"DATABASE_URL": "mysql://db"}, "DATABASE_URL: must start with postgresql://"),
        ({"DATABASE_POOL_SIZE": "0"}, "DATABASE_POOL_SIZE: "),
        ({"PORT": "http"}, "PORT: "),
        ({"PORT": "65536"}, "PORT: "),
        ({"PUBLIC_URL": "offboarding.bank.example"}, "PUBLIC_URL: must be https://host"),
        ({"PUBLIC_URL": "https://bank.example/offboarding"}, "PUBLIC_URL: must be https://host"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS: must be like https://app.bank.example"),
        ({"CORS_ORIGINS": "https://a.example, null"}, "CORS_ORIGINS: must be like https://"),
        ({"CORS_ORIGINS": "https://a.example/"}, "CORS_ORIGINS: must be like https://"),
        ({"OIDC_ISSUERS": "https://login.bank.example"}, "OIDC_ISSUERS: must be a JSON list"),
        ({"OIDC_ISSUERS": "{}"}, "OIDC_ISSUERS: "),
        (
            {"OIDC_ISSUERS": json.dumps([ISSUER | {"issuer": "http://login.bank.example"}])},
            "OIDC_ISSUERS[0][issuer]: must be an https address",
        ),
        (
            {"OIDC_ISSUERS": json.dumps([ISSUER | {"client_id": "us"}])},
            "OIDC_ISSUERS[0]: client_id and client_secret go together",
        ),
        (
            {"OIDC_ISSUERS": json.dumps([ISSUER | {"audience_": "x"}])},
            "OIDC_ISSUERS[0][audience_]: ",
        ),
        ({"SESSION_HOURS": "0"}, "SESSION_HOURS: "),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN: "),
        ({"METRICS_PORT": "0"}, "METRICS_PORT: "),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4317"},
            "OTEL_EXPORTER_OTLP_ENDPOINT: must be an http(s) address",
        ),
        ({"MAX_BODY_BYTES": "999"}, "MAX_BODY_BYTES: "),
        ({"MAX_PAGE_SIZE": "49"}, "MAX_PAGE_SIZE: "),
        ({"MAX_PAGE_SIZE": "101"}, "MAX_PAGE_SIZE: "),
        ({"MAX_DEPTH": "0"}, "MAX_DEPTH: "),
        ({"MAX_COST": "many"}, "MAX_COST: "),
        ({"OPERATION_SECONDS": "0"}, "OPERATION_SECONDS: "),
        ({"INTROSPECTION": "perhaps"}, "INTROSPECTION: "),
        ({"SMTP_PORT": "0"}, "SMTP_PORT: "),
        ({"SMTP_TLS": "ssl"}, "SMTP_TLS: "),
        ({"SMTP_USERNAME": "ada"}, "SMTP_PASSWORD: SMTP_USERNAME and SMTP_PASSWORD go together"),
        ({"SMTP_PASSWORD": "x"}, "SMTP_PASSWORD: SMTP_USERNAME and SMTP_PASSWORD go together"),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM: must be one address"),
        ({"MAIL_FROM": "a@b.example\nBcc: c@d.example"}, "MAIL_FROM: must be one address"),
        ({"TASK_URL": "https://bank.example/task"}, "TASK_URL: must be an http(s) address"),
        ({"TASK_URL": "javascript:{id}"}, "TASK_URL: must be an http(s) address"),
        ({"DIGEST_HOUR": "24"}, "DIGEST_HOUR: "),
        ({"RUN_WORKER": "perhaps"}, "RUN_WORKER: "),
        ({"DEMO": "perhaps"}, "DEMO: "),
    ],
)
def test_names_the_faulty_setting(
    environment: Mapping[str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = faults(monkeypatch, environment)

    assert len(told) == 1
    assert told[0].startswith(fault)
    assert len(told[0]) > len(fault.partition(":")[0]) + 2


def test_tells_all_faults_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    told = faults(
        monkeypatch,
        {
            "DATABASE_URL": "oracle://db",
            "PORT": "http",
            "SMTP_TLS": "ssl",
            "SMTP_USERNAME": "ada",
            "TASK_URL": "/task",
            "MAIL_FROM_FILE": "/nowhere",
        },
    )

    assert [fault.partition(":")[0] for fault in told] == [
        "DATABASE_URL",
        "MAIL_FROM",
        "PORT",
        "SMTP_PASSWORD",
        "SMTP_TLS",
        "TASK_URL",
    ]


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize("name", ["DATABASE_URL", "SMTP_PASSWORD"])
def test_reads_a_secret_from_a_file(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{URL}\n", encoding="utf-8")
    monkeypatch.setenv("SMTP_USERNAME", "ada")
    monkeypatch.setenv("SMTP_PASSWORD", "another")
    monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{name}_FILE", str(path))

    secret = getattr(get_settings(), name.lower())

    assert secret.get_secret_value() == URL


def test_takes_no_empty_file_for_a_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    path.write_text("\n", encoding="utf-8")

    told = faults(monkeypatch, {"DATABASE_URL_FILE": str(path)})

    assert told == ["DATABASE_URL: must start with postgresql://"]


def test_prefers_the_value_to_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("postgresql://from-a-file", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("DATABASE_URL_FILE", str(path))

    assert get_settings().database_url == SecretStr(URL)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff\xfe\x00hunter2", "is not UTF-8"),
    ],
)
def test_tells_of_a_secret_that_cannot_be_read(
    content: bytes | None, fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    told = faults(monkeypatch, {"DATABASE_URL_FILE": str(path)})

    assert told == [f"DATABASE_URL: its file {path} {fault}"]


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": "mysql://ada:hunter2@db"},
        {"DATABASE_URL": URL, "PORT": "http"},
        {"SMTP_PASSWORD": "hunter2"},
        {"OIDC_ISSUERS": "hunter2"},
        {"OIDC_ISSUERS": json.dumps([{"client_secret": "hunter2"}])},
        {"SMTP_PASSWORD": "hunter2", "SMTP_USERNAME": "ada", "SMTP_TLS": "hunter2"},
    ],
)
def test_never_repeats_a_value_in_a_fault(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as error:
        get_settings()

    assert "hunter2" not in "".join(traceback.format_exception(error.value))


def test_shows_no_secret_where_it_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", URL)
    monkeypatch.setenv("SMTP_USERNAME", "ada")
    monkeypatch.setenv("SMTP_PASSWORD", "hunter2")

    settings = get_settings()

    assert "hunter2" not in f"{settings} {settings!r} {settings.model_dump_json()}"


# ---------------------------------------------------------------- .env and the process


def test_reads_a_file_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text(
        "PORT=9000\nHOST='::1'  # loopback\nNAME_OF_ANOTHER_PROGRAM=1\n", encoding="utf-8"
    )
    monkeypatch.setenv("HOST", "localhost")

    settings = get_settings()

    assert settings.port == 9000
    assert settings.host == "localhost"


def test_looks_for_that_file_beside_the_program_wherever_it_is_started(tmp_path: Path) -> None:
    program = "from settings import Settings; print(Settings.model_config['env_file'])"

    done = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == str(ROOT / ".env")


def test_ends_the_process_and_prints_every_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("SMTP_TLS", "ssl")

    with pytest.raises(SystemExit) as end:
        settings_or_exit()

    assert end.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [line.partition(":")[0] for line in printed.err.splitlines()] == ["PORT", "SMTP_TLS"]


def test_gives_the_same_settings_each_time() -> None:
    assert get_settings() is get_settings()


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({}, None),
        ({"ENDPOINT": "http://collector:4318/"}, "http://collector:4318/v1/traces"),
        ({"TRACES_ENDPOINT": "https://c/x"}, "https://c/x"),
        ({"ENDPOINT": "http://collector:4318", "TRACES_ENDPOINT": "https://c/x"}, "https://c/x"),
    ],
)
def test_finds_the_collector_of_traces_as_opentelemetry_does(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], endpoint: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", value)

    assert get_settings().traces_endpoint == endpoint

    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    get_settings.cache_clear()
    assert get_settings().traces_endpoint is None
