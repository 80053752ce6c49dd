# syntax=docker/dockerfile:1
# The image of a release: the binaries that scripts/release built, in an otherwise empty image. The context is the folder
# dist/image that it leaves. To build an image from source, take the Dockerfile of the project's folder, which says more.

FROM scratch
ARG TARGETARCH
COPY linux-${TARGETARCH}/doorbook /doorbook
COPY --chown=65532:65532 data /data
COPY --chown=65532:65532 tmp /tmp
USER 65532:65532
ENV DOORBOOK_ADDR=:8080 DOORBOOK_DATA=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s CMD ["/doorbook", "healthcheck"]
ENTRYPOINT ["/doorbook"]
