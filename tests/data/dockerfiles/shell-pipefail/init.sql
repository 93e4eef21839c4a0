CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL);
COPY countries FROM '/docker-entrypoint-initdb.d/countries.csv' CSV HEADER;
