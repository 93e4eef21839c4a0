# docker buildx bake          builds arg-unknown-base:v1
# docker buildx bake NAME     builds a target below

# The build needs it: set it in the environment
variable "BASE_IMAGE" {
  default = ""
  validation {
    condition = BASE_IMAGE != ""
    error_message = "Set BASE_IMAGE: the build needs it."
  }
}

group "default" {
  targets = ["image"]
}

target "_common" {
  context = "."
}

target "image" {
  inherits = ["_common"]
  tags = ["arg-unknown-base:v1"]
  args = {
    BASE_IMAGE = BASE_IMAGE
  }
}

# The build stage: for debugging
target "build" {
  inherits = ["_common"]
  target = "build"
  tags = ["arg-unknown-base:build"]
}
