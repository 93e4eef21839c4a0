# Build the image
docker build -t ubuntu-everything:v1 .

# Run the container
docker run -p 22:22 -p 80:80 -p 3306:3306 -p 6379:6379 ubuntu-everything:v1
