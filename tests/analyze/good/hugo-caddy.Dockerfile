FROM hugomods/hugo:exts-0.147.9 AS site
WORKDIR /src
COPY . .
RUN hugo --minify

FROM caddy:2.10-alpine
COPY --from=site /src/public /usr/share/caddy
