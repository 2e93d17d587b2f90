from django.apps import AppConfig


class SignOnConfig(AppConfig):
    name = "users.sign_on"
    label = "users_sign_on"
    verbose_name = "Sign-on"
