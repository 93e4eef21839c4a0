FROM alpine:3.22
ARG VERSION
WORKDIR /opt/${VERSION:?pass --build-arg VERSION}
