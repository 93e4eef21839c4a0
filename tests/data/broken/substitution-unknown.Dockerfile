FROM alpine:3.22
ENV NAME=${HOME:=x}
CMD ["sh"]
