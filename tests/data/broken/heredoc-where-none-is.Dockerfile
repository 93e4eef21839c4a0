FROM alpine:3.22
CMD <<EOF
echo hello
EOF
