from compose.local import credentials
from compose.local.lifecycle import reset


class TestReset:
    def test_removes_all_that_a_stack_made(self, made):
        credentials.load(made)
        (made.local_dir / "kafka" / "data").mkdir(parents=True)

        reset(made)

        assert not made.local_dir.exists()

    def test_leaves_what_others_keep_in_the_folder(self, made):
        (made.local_dir / "thesis.txt").write_text("years of work")
        (made.local_dir / "test" / "run").mkdir(parents=True)

        reset(made)

        assert sorted(entry.name for entry in made.local_dir.iterdir()) == ["test", "thesis.txt"]

    def test_is_content_where_nothing_was(self, imagined):
        reset(imagined)

        assert not imagined.local_dir.exists()
