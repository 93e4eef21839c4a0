FROM denoland/deno:2.4.0 AS build
WORKDIR /app
COPY deno.json deno.lock ./
RUN deno install
COPY . .
RUN deno compile --allow-net --output server main.ts

FROM gcr.io/distroless/cc-debian12
COPY --from=build /app/server /server
USER 65532
EXPOSE 8000
CMD ["/server"]
