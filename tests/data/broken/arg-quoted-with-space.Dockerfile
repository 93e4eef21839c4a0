FROM alpine:3.22
ARG "NAME=two words"
