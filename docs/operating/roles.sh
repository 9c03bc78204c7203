#!/bin/sh
# Makes the role of the server, as the owner, before the first migration: it reads and writes rows,
# and owns nothing, so that it can neither drop nor disable what keeps Done final.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$(cat "${SERVER_PASSWORD_FILE:-/run/secrets/server}")" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
create role offboarding_server login password :'password';
grant usage on schema public to offboarding_server;
alter default privileges in schema public
  grant select, insert, update, delete on tables to offboarding_server;
alter default privileges in schema public grant usage on sequences to offboarding_server;
SQL
