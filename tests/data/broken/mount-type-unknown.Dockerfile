FROM alpine:3.22
RUN --mount=type=volume,target=/data ls /data
