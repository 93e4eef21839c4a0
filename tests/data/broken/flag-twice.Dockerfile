FROM alpine:3.22
COPY --chown=1 --chown=2 README.md /
