FROM alpine:3.22
ENTRYPOINT ["sh", "-c",]
