FROM alpine:3.22 AS app
RUN --mount=type=bind,from=assets,target=/assets ls /assets

FROM alpine:3.22 AS assets
RUN mkdir /assets

FROM app
