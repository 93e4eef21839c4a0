FROM alpine:3.22
WORKDIR
CMD ["sh"]
