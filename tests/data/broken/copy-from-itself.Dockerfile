FROM alpine:3.22 AS build
RUN touch /made
COPY --from=build /made /again
