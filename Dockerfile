# syntax=docker/dockerfile:1
# One static binary in an otherwise empty image. There is no shell in it, so there is no HEALTHCHECK either: ask /healthz
# (it runs) and /readyz (it can serve) from outside, as an orchestrator or a proxy does.
#
#   docker build -t doorbook .
#   docker run --rm -p 127.0.0.1:8080:8080 -v doorbook:/data -e DOORBOOK_PUBLIC_URL=http://localhost:8080 doorbook

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/doorbook ./cmd/doorbook \
    && install -d -m 0700 /out/data && install -d -m 0700 /out/tmp

FROM scratch
COPY --from=build /out/doorbook /doorbook
# Databases and the secret key, and room for SQLite's temporary files; both belong to the user the program runs as.
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
ENV DOORBOOK_ADDR=:8080 DOORBOOK_DATA=/data
VOLUME /data
EXPOSE 8080
ENTRYPOINT ["/doorbook"]
