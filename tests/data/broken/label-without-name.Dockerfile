FROM alpine:3.22
LABEL ="value"
