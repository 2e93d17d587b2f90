from django.apps import AppConfig


class SignOnConfig(AppConfig):
    name = "transactions.sign_on"
    label = "transactions_sign_on"
    verbose_name = "Sign-on"
