from compose.local import credentials


class TestLoad:
    def test_gives_the_same_values_every_time(self, made):
        assert credentials.load(made) == credentials.load(made)

    def test_never_gives_one_value_twice(self, made):
        values = list(credentials.load(made).values())

        assert len(set(values)) == len(values)

    def test_adds_what_a_later_version_needs(self, made):
        before = credentials.load(made)
        credentials.path_of(made).write_text('{"users_secret_key": "kept"}')

        after = credentials.load(made)

        assert after["users_secret_key"] == "kept"
        assert after.keys() == before.keys()

    def test_only_the_owner_may_read_the_file(self, made):
        credentials.load(made)

        assert credentials.path_of(made).stat().st_mode & 0o777 == 0o600
