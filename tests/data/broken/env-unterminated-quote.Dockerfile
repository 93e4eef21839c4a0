FROM alpine:3.22
ENV GREETING="hello
CMD ["sh"]
