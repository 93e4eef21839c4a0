import psycopg2


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"libpq {psycopg2.__libpq_version__}\n".encode()]
