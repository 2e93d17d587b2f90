import pytest

from compose.local import steps


class TestOnce:
    def test_does_a_step_the_first_time_only(self, made):
        done = []

        answers = [steps.once(made, "migrate", "a", lambda: done.append(1)) for _ in range(2)]

        assert answers == [True, False]
        assert done == [1]

    def test_does_it_again_when_what_it_depends_on_changed(self, made):
        steps.once(made, "migrate", "a", list)

        assert steps.once(made, "migrate", "b", list)

    def test_does_it_again_after_a_failure(self, made):
        def fail():
            raise OSError

        with pytest.raises(OSError):  # noqa: PT011  any failure of the step
            steps.once(made, "migrate", "a", fail)

        assert steps.once(made, "migrate", "a", list)


class TestDigest:
    def test_tells_parts_apart_that_join_to_the_same_text(self):
        assert steps.digest_of(["ab", "c"]) != steps.digest_of(["a", "bc"])

    def test_of_migrations_changes_with_any_of_them(self, tmp_path, monkeypatch):
        folder = tmp_path / "users" / "identity" / "migrations"
        folder.mkdir(parents=True)
        (tmp_path / "requirements").mkdir()
        (tmp_path / "requirements" / "base.txt").write_text("django==5.2\n")
        monkeypatch.setattr(steps, "ROOT", tmp_path)
        first = steps.migrations_digest("users")

        (folder / "0001_initial.py").write_text("operations = []\n")

        assert steps.migrations_digest("users") != first
