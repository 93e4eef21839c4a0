FORM alpine:3.22
RUN echo hello
