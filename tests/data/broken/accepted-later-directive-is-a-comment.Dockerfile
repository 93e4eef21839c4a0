# a comment
# escape=x
FROM alpine:3.22
