# Build the image
docker build -t ubuntu-everything:v1 .

# Look around in the image
docker run --rm -it --entrypoint sh ubuntu-everything:v1

# Run the container
docker run -p 22:22 -p 80:80 -p 3306:3306 -p 6379:6379 -v ubuntu-everything-var-lib-mysql:/var/lib/mysql ubuntu-everything:v1

# See how large it is
docker images ubuntu-everything:v1

# See what each layer adds
docker history ubuntu-everything:v1

# See its configuration
docker image inspect --format '{{json .Config}}' ubuntu-everything:v1
