# Build the image
docker build -t brief:v1 .

# Build only the builder stage (for debugging)
docker build --target builder -t brief:builder .

# Look around in the image
docker run --rm -it --entrypoint sh brief:v1

# Look around in the builder stage
docker run --rm -it --entrypoint sh brief:builder

# Run the container
docker run -p 8000:8000 brief:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 8000:8000 brief:v1

# Test the health endpoint
curl http://localhost:8000/health

# Run it in the background
docker run -d --name brief -p 8000:8000 brief:v1

# Run the health check once
docker exec brief python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"

# See what the health check said so far
docker inspect --format '{{json .State.Health}}' brief

# Stop it and remove it
docker rm -f brief

# See how large it is
docker images brief:v1

# See what each layer adds
docker history brief:v1

# See its configuration
docker image inspect --format '{{json .Config}}' brief:v1
