# Build the image
docker build -t multi-target-python:v1 .

# Build only the base stage (for debugging)
docker build --target base -t multi-target-python:base .

# Build only the deps stage (for debugging)
docker build --target deps -t multi-target-python:deps .

# Look around in the base stage
docker run --rm -it --entrypoint sh multi-target-python:base

# Look around in the deps stage
docker run --rm -it --entrypoint sh multi-target-python:deps

# Run the container
docker run -p 8000:8000 multi-target-python:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 8000:8000 multi-target-python:v1

# Test the health endpoint
curl http://localhost:8000/health

# See what the health check says
docker ps --filter ancestor=multi-target-python:v1 --format '{{.Names}}: {{.Status}}'
