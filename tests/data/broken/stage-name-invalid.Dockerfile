FROM alpine:3.22 AS 2nd
CMD ["sh"]
