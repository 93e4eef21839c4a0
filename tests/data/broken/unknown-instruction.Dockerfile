FROM alpine:3.22
WORKDIR /app
RUNN echo hello
