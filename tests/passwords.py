"""Hashing passwords for tests that are about something else."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """
    The algorithm of production with about a twentieth of its work, so 10 ms or so.

    Stacks of tests use it (`PASSWORD_HASHERS`): hundreds of people sign up there.
    """

    time_cost = 2
    memory_cost = 4096
    parallelism = 1
