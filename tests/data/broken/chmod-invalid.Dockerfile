FROM alpine:3.22
COPY --chmod=banana README.md /
