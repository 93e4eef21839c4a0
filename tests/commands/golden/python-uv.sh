# Build the image
docker build -t python-uv:v1 .

# Build only the builder stage (for debugging)
docker build --target builder -t python-uv:builder .

# Look around in the image
docker run --rm -it --entrypoint sh python-uv:v1

# Look around in the builder stage
docker run --rm -it --entrypoint sh python-uv:builder

# Run the container
docker run -p 8000:8000 python-uv:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 8000:8000 python-uv:v1

# Run it in the background
docker run -d --name python-uv -p 8000:8000 python-uv:v1

# Run the health check once
docker exec python-uv python -m tides --check

# See what the health check said so far
docker inspect --format '{{json .State.Health}}' python-uv

# Stop it and remove it
docker rm -f python-uv

# See how large it is
docker images python-uv:v1

# See what each layer adds
docker history python-uv:v1

# See its configuration
docker image inspect --format '{{json .Config}}' python-uv:v1
