FROM alpine:3.22 builder
CMD ["sh"]
