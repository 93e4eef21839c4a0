FROM alpine:3.22
HEALTHCHECK --interval=30 CMD true
