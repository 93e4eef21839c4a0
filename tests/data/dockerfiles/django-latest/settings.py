SECRET_KEY = "changed-by-the-deployment"
STATIC_ROOT = "/code/static"
STATIC_URL = "static/"
INSTALLED_APPS = ["django.contrib.staticfiles"]
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["*"]
