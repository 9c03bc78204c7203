# The server in an image: slim, not root, nothing written but /tmp. Any folder of the build is used
# as it is, so build from a clean one: docker build --tag offboarding .
FROM python:3.13-slim-trixie AS build
WORKDIR /app
# With traces: --build-arg LOCK=requirements-tracing.lock
ARG LOCK=requirements.lock
COPY ${LOCK} ./
RUN python -m venv .venv \
  && .venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --requirement ${LOCK}

FROM python:3.13-slim-trixie
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin offboarding
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY . .
ENV HOST=0.0.0.0 PORT=8000 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER offboarding
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD \
  [".venv/bin/python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/ready', timeout=2)"]
ENTRYPOINT [".venv/bin/python", "cli.py"]
CMD ["serve"]
