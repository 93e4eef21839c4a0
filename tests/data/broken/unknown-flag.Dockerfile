FROM alpine:3.22 AS build
RUN touch /made

FROM alpine:3.22
COPY --form=build /made /made
