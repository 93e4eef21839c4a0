# nothing to start from
FROM
RUN true
