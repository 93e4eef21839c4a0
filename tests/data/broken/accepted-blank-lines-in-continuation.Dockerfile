FROM alpine:3.22
CMD echo one \

  two \
  # three

  four
