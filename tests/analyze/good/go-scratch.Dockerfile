FROM golang:1.24-alpine AS builder
RUN apk add --no-cache git ca-certificates tzdata && adduser -D -g '' -u 10001 appuser
WORKDIR /app
COPY go.mod go.sum ./
RUN go mod download && go mod verify
COPY . .
RUN CGO_ENABLED=0 GOOS=linux go build -ldflags='-w -s' -o /go/bin/app .

FROM scratch
COPY --from=builder /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=builder /etc/passwd /etc/passwd
COPY --from=builder /go/bin/app /go/bin/app
USER appuser
EXPOSE 9000
ENTRYPOINT ["/go/bin/app"]
