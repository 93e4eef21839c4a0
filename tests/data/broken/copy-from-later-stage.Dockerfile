FROM alpine:3.22 AS app
COPY --from=assets /assets /srv

FROM alpine:3.22 AS assets
RUN mkdir /assets

FROM app
