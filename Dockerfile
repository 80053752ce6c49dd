# syntax=docker/dockerfile:1
# One static binary in an otherwise empty image, which asks itself whether it is well (HEALTHCHECK). From outside /healthz
# says that it runs and /readyz that it can serve, to an orchestrator or a proxy.
#
#   docker build -t doorbook .
#   docker run --rm -p 127.0.0.1:8080:8080 -v doorbook:/data -e DOORBOOK_PUBLIC_URL=http://localhost:8080 doorbook

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.work go.work.sum go.mod go.sum ./
COPY passhash/go.mod passhash/go.sum passhash/
COPY session/go.mod session/
COPY session/mongostore/go.mod session/mongostore/go.sum session/mongostore/
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
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s CMD ["/doorbook", "healthcheck"]
ENTRYPOINT ["/doorbook"]
