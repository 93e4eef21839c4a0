ARG SOURCE=build
FROM alpine:3.22 AS build
RUN touch /made

FROM alpine:3.22
ARG SOURCE
COPY --from=${SOURCE} /made /made
