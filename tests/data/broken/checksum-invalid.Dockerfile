FROM alpine:3.22
ADD --checksum=sha256:1234 https://www.example.com/file /
