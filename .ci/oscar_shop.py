"""A django-oscar shop on SQLite, run by test_oscar.py in an environment of its own; its shelves come from a Whoosh index, as Oscar wants one. Usage: python oscar_shop.py FOLDER PORT

FOLDER holds products.csv (the columns of Oscar's own catalogue import) and pictures/ named by UPC; everything else is made there.
"""
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

folder, port = Path(sys.argv[1]).resolve(), sys.argv[2]


class Unmoved(dict):
    "No app has migrations: tables are made as the models stand, in seconds."
    def __contains__(self, name):
        return True

    def __getitem__(self, name):
        return None


def configure():
    import oscar.defaults
    ours = {name: value for name, value in vars(oscar.defaults).items() if name.isupper()}
    apps = ["analytics", "checkout", "address", "shipping", "catalogue", "catalogue.reviews", "communication", "partner", "basket", "payment", "offer", "order", "customer", "search", "voucher", "wishlists",
            "dashboard", "dashboard.reports", "dashboard.users", "dashboard.orders", "dashboard.catalogue", "dashboard.offers", "dashboard.partners", "dashboard.pages", "dashboard.ranges", "dashboard.reviews",
            "dashboard.vouchers", "dashboard.communications", "dashboard.shipping"]
    processors = ["django.template.context_processors.debug", "django.template.context_processors.request", "django.contrib.auth.context_processors.auth", "django.template.context_processors.i18n",
                  "django.template.context_processors.media", "django.template.context_processors.static", "django.contrib.messages.context_processors.messages", "oscar.apps.search.context_processors.search_form",
                  "oscar.apps.checkout.context_processors.checkout", "oscar.apps.communication.notifications.context_processors.notifications", "oscar.core.context_processors.metadata"]
    settings.configure(**ours | dict(
        MIGRATION_MODULES=Unmoved(), DEBUG=True, SECRET_KEY="for tests", ALLOWED_HOSTS=["*"], ROOT_URLCONF="oscar_shop_urls", SITE_ID=1, USE_TZ=True, LANGUAGE_CODE="en-gb", STATIC_URL="/static/", MEDIA_URL="/media/", MEDIA_ROOT=str(folder / "media"),
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "shop.sqlite"), "ATOMIC_REQUESTS": True}}, DEFAULT_AUTO_FIELD="django.db.models.AutoField", OSCAR_DEFAULT_CURRENCY="GBP",
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.whoosh_backend.WhooshEngine", "PATH": str(folder / "index")}}, HAYSTACK_SIGNAL_PROCESSOR="haystack.signals.BaseSignalProcessor", AUTHENTICATION_BACKENDS=("oscar.apps.customer.auth_backends.EmailBackend", "django.contrib.auth.backends.ModelBackend"),
        INSTALLED_APPS=[f"django.contrib.{a}" for a in ("admin", "auth", "contenttypes", "sessions", "messages", "staticfiles", "sites", "flatpages")] + ["oscar.config.Shop"]
        + [f"oscar.apps.{a}.apps.{name_of(a)}Config" for a in apps] + ["widget_tweaks", "haystack", "treebeard", "easy_thumbnails", "django_tables2"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware", "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
                    "oscar.apps.basket.middleware.BasketMiddleware"],
        OSCAR_THUMBNAILER="oscar.core.thumbnails.EasyThumbnails", TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": processors}}]))


def name_of(app):
    "As Oscar names the configuration of an app."
    return "".join(part.capitalize() for part in (reversed(app.split(".")) if app.startswith("dashboard") else app.split(".")))


def urls():
    "The addresses of the shop, as a module that Django can import by name."
    import types
    from django.apps import apps
    from django.conf.urls.static import static
    module = types.ModuleType("oscar_shop_urls")
    module.urlpatterns = [path("i18n/", include("django.conf.urls.i18n")), path("", include(apps.get_app_config("oscar").urls[0])), *static("/media/", document_root=folder / "media")]
    sys.modules["oscar_shop_urls"] = module


if __name__ == "__main__":
    configure()
    django.setup()
    urls()
    if not (folder / "ready").exists():
        call_command("migrate", run_syncdb=True, verbosity=0)
        call_command("oscar_import_catalogue", str(folder / "products.csv"))
        call_command("oscar_import_catalogue_images", str(folder / "pictures"))
        call_command("rebuild_index", interactive=False, verbosity=0)
        (folder / "ready").touch()
    print("open", flush=True)
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False)
