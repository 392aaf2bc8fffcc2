from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        import_module("apps.accounts.access.schemes")
        for pages in ("people", "workspaces", "credentials"):
            import_module(f"apps.accounts.admin.{pages}")
