FROM python:3.12-slim AS build
RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt

FROM python:3.12-slim
ARG VERSION=0.0.0
LABEL org.opencontainers.image.source="https://github.com/example/app" org.opencontainers.image.version="$VERSION"
ENV PATH="/opt/venv/bin:$PATH" PYTHONUNBUFFERED=1
RUN useradd -r -u 1001 app && mkdir -p /app/media && chown app /app/media
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY --chmod=755 docker-entrypoint.sh /usr/local/bin/
COPY app ./app
VOLUME /app/media
USER app
EXPOSE 8000
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0", "--port", "8000"]
