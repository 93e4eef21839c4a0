from bottle import route, run


@route("/")
def index():
    return "well"


run(host="0.0.0.0", port=8000)
