import base64
import uuid

from compose.local import kafka


class TestNewClusterId:
    def test_never_looks_like_an_option(self, monkeypatch):
        dashed = uuid.UUID(bytes=base64.urlsafe_b64decode("-" + "A" * 21 + "=="))
        plain = uuid.UUID(int=0)
        made = iter([dashed, dashed, plain])
        monkeypatch.setattr(kafka.uuid, "uuid4", lambda: next(made))

        assert kafka.new_cluster_id() == "A" * 22


class TestProperties:
    def test_keeps_clients_on_this_machine(self, imagined):
        found = kafka.properties(imagined)

        assert found["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9592"
        assert found["listeners"] == "PLAINTEXT://127.0.0.1:9592,CONTROLLER://127.0.0.1:9593"

    def test_topics_are_made_by_the_project_only(self, imagined):
        assert kafka.properties(imagined)["auto.create.topics.enable"] == "false"
