import hashlib

import pytest

from compose.local.errors import OperatorError
from compose.local.kafka_jars import LIST, Jar, parse, verify


class TestParse:
    def test_reads_coordinate_and_digest(self):
        text = "# a comment\n\norg.example:thing_2.13:1.0-2 sha256:abc\n"

        assert parse(text) == [Jar("org.example", "thing_2.13", "1.0-2", "abc")]

    def test_the_list_names_every_jar_once_with_a_digest(self):
        jars = parse(LIST.read_text())

        assert len({jar.file_name for jar in jars}) == len(jars)
        assert all(len(jar.sha256) == 64 for jar in jars)
        assert {"kafka_2.13", "slf4j-simple"} <= {jar.artifact for jar in jars}


class TestVerify:
    def test_accepts_the_file_the_list_means(self, tmp_path):
        file = tmp_path / "thing.jar"
        file.write_bytes(b"good")

        verify(file, hashlib.sha256(b"good").hexdigest())

        assert file.exists()

    def test_deletes_any_other_and_says_so(self, tmp_path):
        file = tmp_path / "thing.jar"
        file.write_bytes(b"bad")

        with pytest.raises(OperatorError, match=r"thing\.jar has SHA-256 .* It was deleted"):
            verify(file, hashlib.sha256(b"good").hexdigest())

        assert not file.exists()
