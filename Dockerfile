# Builds the service in sample_service/:
#     docker build --build-arg VERSION=1.0.0 --build-arg REVISION="$(git rev-parse HEAD)" -t iris-service .
#     docker run --read-only --cap-drop=ALL --security-opt=no-new-privileges -p 8000:8000 iris-service

ARG PYTHON_IMAGE=python:3.12-slim


FROM ${PYTHON_IMAGE} AS builder

WORKDIR /app

# The environment needs no pip of its own: the base image's installs into it and stays behind.
RUN python -m venv --without-pip /opt/venv
ENV PATH="/opt/venv/bin:${PATH}"

# Before the code: a change in the code then installs nothing again.
COPY sample_service/requirements.txt sample_service/
RUN pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes \
        -r sample_service/requirements.txt


# docker build --target test .     Other builds skip this stage.
FROM builder AS test

COPY sample_service/requirements-test.txt sample_service/
RUN pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes \
        -r sample_service/requirements-test.txt

COPY pyproject.toml ./
COPY sample_service/ sample_service/
COPY tests/sample_service/ tests/sample_service/
USER nobody
RUN python -m pytest -p no:cacheprovider tests/sample_service


FROM ${PYTHON_IMAGE} AS runtime

# Numeric, because Kubernetes' runAsNonRoot cannot look a name up.
RUN groupadd --gid 10001 app \
    && useradd --uid 10001 --gid app --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin app

WORKDIR /app
COPY --from=builder /opt/venv /opt/venv
COPY sample_service/*.py sample_service/model.json sample_service/

ENV PATH="/opt/venv/bin:${PATH}" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000

USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 \
    CMD ["python", "-m", "sample_service.healthcheck"]

# Last, because they differ in every build.
ARG VERSION=dev
ARG REVISION=unknown
ENV VERSION=${VERSION} \
    REVISION=${REVISION}
LABEL org.opencontainers.image.title="iris-service" \
      org.opencontainers.image.description="Tells the species of an iris from the lengths of its sepals and petals" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

CMD ["python", "-m", "sample_service"]
