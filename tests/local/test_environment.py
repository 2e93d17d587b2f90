from dataclasses import replace

import pytest

from compose.local.environment import (
    has_own_database,
    has_own_kafka,
    inherited,
    local_bootstrap,
    local_database_url,
    process_environment,
    service_environment,
)


def given(stack, **variables):
    return replace(stack, variables=variables)


class TestServiceEnvironment:
    @pytest.mark.parametrize(
        ("service", "other"), [("users", "TRANSACTIONS"), ("transactions", "USERS")]
    )
    def test_holds_nothing_private_of_the_other_service(self, made, service, other):
        values = service_environment(made, service)

        for suffix in (
            *("SECRET_KEY", "DATABASE_URL", "MIGRATION_DATABASE_URL"),
            *("SIGNING_KEYS_DIR", "MFA_SECRETS"),
        ):
            assert f"{other}_{suffix}" not in values

    def test_passes_on_a_setting_of_its_own_service(self, made):
        stack = given(made, USERS_SOMETHING="1", TRANSACTIONS_SOMETHING="2")

        values = service_environment(stack, "users")

        assert values["USERS_SOMETHING"] == "1"
        assert "TRANSACTIONS_SOMETHING" not in values


class TestProcessEnvironment:
    def test_knows_neither_the_owner_nor_the_demo_passwords(self, made):
        values = process_environment(made, "users", "users-web")

        assert "users_owner" not in " ".join(values.values())
        assert not [name for name in values if name.startswith("DEMO_")]

    def test_names_the_consumer_after_its_process(self, made):
        values = process_environment(made, "users", "users-consumer-2")

        assert values["CONSUMER_INSTANCE_ID"] == "users-consumer-2"


class TestOutsideStores:
    def test_are_those_the_environment_names(self, made):
        stack = given(
            made,
            USERS_DATABASE_URL="postgres://app:secret@db.example.org/users",
            KAFKA_BOOTSTRAP_SERVERS="kafka.example.org:9092",
        )

        assert not has_own_database(stack, "users")
        assert has_own_database(stack, "transactions")
        assert not has_own_kafka(stack)

    def test_are_not_the_stacks_own_ones_handed_on_by_its_environment(self, made):
        stack = given(
            made,
            USERS_DATABASE_URL=local_database_url(made, "users", "app"),
            KAFKA_BOOTSTRAP_SERVERS=local_bootstrap(made),
        )

        assert has_own_database(stack, "users")
        assert has_own_kafka(stack)


def test_another_projects_variables_do_not_steer_our_programs(made):
    stack = given(
        made, PATH="/bin", DJANGO_SETTINGS_MODULE="theirs", PGHOST="theirs", DATABASE_ROLE="owner"
    )

    assert inherited(stack) == {"PATH": "/bin"}
