# Build the image
docker build -t node-npm-ci:v1 .

# Build only the deps stage (for debugging)
docker build --target deps -t node-npm-ci:deps .

# Build only the build stage (for debugging)
docker build --target build -t node-npm-ci:build .

# Look around in the image
docker run --rm -it --entrypoint sh node-npm-ci:v1

# Look around in the deps stage
docker run --rm -it --entrypoint sh node-npm-ci:deps

# Look around in the build stage
docker run --rm -it --entrypoint sh node-npm-ci:build

# Run the container
docker run -p 3000:3000 node-npm-ci:v1

# Run it locked down (for a program that writes to /tmp at most)
docker run --rm --read-only --tmpfs /tmp --cap-drop=ALL --security-opt=no-new-privileges -p 3000:3000 node-npm-ci:v1

# Test the health endpoint
curl http://localhost:3000/health

# Run it in the background
docker run -d --name node-npm-ci -p 3000:3000 node-npm-ci:v1

# Run the health check once
docker exec node-npm-ci node -e "fetch('http://127.0.0.1:3000/health').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"

# See what the health check said so far
docker inspect --format '{{json .State.Health}}' node-npm-ci

# Stop it and remove it
docker rm -f node-npm-ci

# See how large it is
docker images node-npm-ci:v1

# See what each layer adds
docker history node-npm-ci:v1

# See its configuration
docker image inspect --format '{{json .Config}}' node-npm-ci:v1
