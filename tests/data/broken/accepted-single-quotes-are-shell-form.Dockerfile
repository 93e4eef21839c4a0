FROM alpine:3.22
CMD ['sh', '-c', 'echo hello']
