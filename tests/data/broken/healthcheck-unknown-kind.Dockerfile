FROM alpine:3.22
HEALTHCHECK curl -f http://localhost/
