# One image for web, worker and sandbox; which one it is, the command says.

FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/bookhook
COPY requirements.lock .
RUN /opt/bookhook/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY . .
RUN /opt/bookhook/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/bookhook/bin/pip uninstall --yes setuptools pip

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home bookhook \
    && install --directory --owner bookhook --group bookhook --mode 700 /var/lib/bookhook
COPY --from=build /opt/bookhook /opt/bookhook
ENV PATH=/opt/bookhook/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOOKHOOK_HOME=/var/lib/bookhook
USER 10001
WORKDIR /home/bookhook
EXPOSE 8000
# Alive means web answers. A worker has no port: its health is what `bookhook stats` says, so compose turns this off.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["bookhook", "web", "--host", "0.0.0.0", "--port", "8000"]
