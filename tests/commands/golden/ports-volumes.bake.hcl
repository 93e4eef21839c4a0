# docker buildx bake          builds ports-volumes:v1
# docker buildx bake NAME     builds a target below

group "default" {
  targets = ["image"]
}

target "_common" {
  context = "."
}

target "image" {
  inherits = ["_common"]
  tags = ["ports-volumes:v1"]
  args = {
    SIP_PORT = "5060"
  }
}

# The build stage: for debugging
target "build" {
  inherits = ["_common"]
  target = "build"
  tags = ["ports-volumes:build"]
}
