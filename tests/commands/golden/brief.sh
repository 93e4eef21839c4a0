# Build the image
docker build -t brief:v1 .

# Build only the builder stage (for debugging)
docker build --target builder -t brief:builder .

# Look around in the builder stage
docker run --rm -it --entrypoint sh brief:builder

# Run the container
docker run -p 8000:8000 brief:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 8000:8000 brief:v1

# Test the health endpoint
curl http://localhost:8000/health

# See what the health check says
docker ps --filter ancestor=brief:v1 --format '{{.Names}}: {{.Status}}'
