FROM alpine:3.22 AS first
COPY --from=second /etc/issue /first

FROM first AS second
COPY --from=first /first /second

FROM second
