"""No routes: HTTP is the API's. Django asks for the module as soon as somebody calls `reverse`."""

from skirret_host.absent import Routes

urlpatterns = Routes()
