FROM alpine:3.22 AS Build
RUN touch /made

FROM Build
CMD ["ls", "/made"]
