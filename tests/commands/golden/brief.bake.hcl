# docker buildx bake          builds brief:v1
# docker buildx bake NAME     builds a target below

group "default" {
  targets = ["runtime"]
}

target "_common" {
  context = "."
}

target "runtime" {
  inherits = ["_common"]
  tags = ["brief:v1"]
}

# The builder stage: for debugging
target "builder" {
  inherits = ["_common"]
  target = "builder"
  tags = ["brief:builder"]
}
