# Build the image
docker build -t python-uv:v1 .

# Build only the builder stage (for debugging)
docker build --target builder -t python-uv:builder .

# Look around in the builder stage
docker run --rm -it --entrypoint sh python-uv:builder

# Run the container
docker run -p 8000:8000 python-uv:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 8000:8000 python-uv:v1

# See what the health check says
docker ps --filter ancestor=python-uv:v1 --format '{{.Names}}: {{.Status}}'
