ARG GO_VERSION=1.25
FROM golang:${GO_VERSION}-alpine AS base
WORKDIR /src
RUN --mount=type=bind,source=go.mod,target=go.mod --mount=type=bind,source=go.sum,target=go.sum --mount=type=cache,target=/go/pkg/mod go mod download -x

FROM base AS build
RUN --mount=type=bind,target=. --mount=type=cache,target=/go/pkg/mod go build -o /bin/tool ./cmd/tool

FROM base AS test
RUN --mount=type=bind,target=. --mount=type=cache,target=/go/pkg/mod go test ./...

FROM golangci/golangci-lint:v2.1-alpine AS lint
WORKDIR /src
RUN --mount=type=bind,target=. golangci-lint run

FROM alpine:3.22 AS final
RUN apk add --no-cache ca-certificates tzdata
COPY --from=build /bin/tool /usr/local/bin/tool
USER 65532:65532
ENTRYPOINT ["tool"]
