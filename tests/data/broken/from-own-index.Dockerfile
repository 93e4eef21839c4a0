FROM alpine:3.22
RUN touch /made

FROM alpine:3.22
COPY --from=1 /made /made
